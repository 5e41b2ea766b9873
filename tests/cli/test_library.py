#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""libfdtrail.so as a file: its dependencies, its exports, and how it is linked."""

import re
import subprocess

from support import LIBRARY, check, main, require, test

OLDEST_GLIBC = [2, 31]  # README.md promises it


def readelf(*options):
    return subprocess.run([require("readelf"), *options, LIBRARY], check=True, text=True,
                          stdout=subprocess.PIPE, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


@test("it needs libc and the loader, and libdl, which is a part of libc since glibc 2.34")
def _():
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-dW"))
    check.equal(sorted(name for name in needed if not name.startswith("ld-linux")), ["libc.so.6", "libdl.so.2"])


@test("it needs no symbol newer than glibc 2.31, wherever it was built")
def _():
    # All versions of symbols that it asks for: weak ones are among them, because an older loader wants those, too.
    versions = re.findall(r"Name: GLIBC_(\S+)", readelf("-VW"))
    check.contains(versions, "2.2.5")
    check.equal([version for version in versions if [int(part) for part in version.split(".")] > OLDEST_GLIBC], [])


@test("its symbols are bound at start, never in the middle of a hook")
def _():
    check.matches(readelf("-dW"), r"\(FLAGS\).*BIND_NOW")


@test("it cannot be unloaded")
def _():
    check.matches(readelf("-dW"), r"\(FLAGS_1\).*NODELETE")


@test("no segment of it is writable and executable, its stack neither")
def _():
    segments = readelf("-lW")
    check.lacks(segments, "RWE")
    check.matches(segments, r"GNU_RELRO")


@test("its thread-local storage is at most 96 bytes")
def _():
    # A library that comes late (fdtrail attach) has to fit into what the loader keeps free: 512 bytes for all such
    # libraries together since glibc 2.32 (rtld.optional_static_tls), and somewhat more before.
    found = re.search(r"^ +TLS +\S+ +\S+ +\S+ +\S+ +(0x[0-9a-f]+)", readelf("-lW"), re.MULTILINE)
    check.at_most(int(found[1], 16) if found else 0, 96, "bytes of TLS")


@test("its thread-local storage is reached without __tls_get_addr, which may allocate")
def _():
    check.lacks(readelf("--dyn-syms", "-W"), "__tls_get_addr")


@test("it imports no libunwind function, so that library stays out of the global scope")
def _():
    check.equal(re.findall(r"UND +(\S*(?:_Unwind|_U[a-z]|unw_)\S*)", readelf("--dyn-syms", "-W")), [])


@test("it imports nothing that allocates, prints, or looks at a locale")
def _():
    imported = re.findall(r"UND +([^@\s]+)", readelf("--dyn-syms", "-W"))
    check.contains(imported, "dlsym")
    wrong = re.compile(r"(m|c|re)alloc|free|.*printf.*|f?puts|fopen|fwrite|strerror|setlocale|qsort|pthread_mutex.*")
    check.equal([name for name in imported if wrong.fullmatch(name)], [])


main()
