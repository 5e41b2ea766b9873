#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tools that find defects in the sources without running them, and ThreadSanitizer on the tables that threads
share. Each tool checks the part that it can judge without false alarms; any finding fails."""

import subprocess

from analysis import C_FILES, findings_in_each
from support import BUILD, SOURCE, check, main, ran, require, temp_dir, test

# The ledger, its memory and the memo: no pointers through tables of functions, which -fanalyzer can't follow.
ANALYZED = [path for path in C_FILES if path.parent.name in ("base", "ledger") or path.name in ("memo.c", "memo_pairs.c")]
FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-DFDTRAIL_VERSION=\"0\"", f"-I{SOURCE}"]

# Each check of clang-tidy's sets that is left out has its reason here; the others find nothing.
NO_TIDY = (
    "bugprone-easily-swappable-parameters",  # a descriptor and a size are both numbers, as everywhere in man 2
    "bugprone-reserved-identifier", "cert-dcl37-c", "cert-dcl51-cpp",  # the hooks have the C library's names
    "bugprone-sizeof-expression",  # an array of pointers has elements of that size
    "bugprone-implicit-widening-of-multiplication-result",  # constants
    "bugprone-branch-clone",  # conditions that are told apart for the reader
    "bugprone-macro-parentheses",  # names of functions, and of arguments
    "bugprone-multi-level-implicit-pointer-conversion",  # qsort, free and the like take any pointer
    "bugprone-assignment-in-if-condition",  # in parentheses of its own
    "bugprone-switch-missing-default-case",  # what has no case goes on behind the switch
    "bugprone-inc-dec-in-conditions",  # "*at++ == c"
    "cert-int09-c",  # options without a letter have numbers behind the letters'
    "cert-err33-c",  # there is nobody to tell that fprintf to stderr has failed
    "cert-err34-c",  # sscanf and atoi read only text of the kernel's, or digits that were checked
)


def findings(words, timeout):
    """The tool's findings."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
                          check=False)
    return done.stdout.strip()


@test("cppcheck finds nothing in preload/ and tools/", timeout=280)
def _():
    # uninitvar, ctuuninitvar: it reports variables that a function fills. constStatement: "(void)a, (void)b".
    # Newer versions don't know that a variable may name its register, and want every macro of a condition.
    quiet = ["missingInclude", "missingIncludeSystem", "uninitvar", "ctuuninitvar", "constStatement",
             "normalCheckLevelMaxBranches"]
    if findings([require("cppcheck"), "--version"], 10).endswith(" 2.3"):
        quiet.append("nullPointerRedundantCheck")  # it doesn't know each _Noreturn function
    macros = ["__x86_64__", "__GNUC__", "__asm__(name)=", "__GLIBC_PREREQ(a,b)=1", "_ELFUTILS_PREREQ(a,b)=1",
              'FDTRAIL_LIBDIR="lib"', 'FDTRAIL_VERSION="1"']
    words = [require("cppcheck"), "-q", "-j2", "--std=c11", "--enable=warning,performance,portability",
             *(f"--suppress={name}" for name in quiet), f"-I{SOURCE}", *(f"-D{macro}" for macro in macros),
             SOURCE / "preload", SOURCE / "tools"]
    check.equal(findings(words, 270), "")
    ran("analysis", f"cppcheck on {len(C_FILES)} files")


@test("shellcheck finds nothing in the scripts")
def _():
    scripts = [path for path in [*(SOURCE / "scripts").iterdir(), SOURCE / ".ci" / "run"]
               if path.read_bytes().startswith(b"#!/bin/sh")]
    check.at_least(len(scripts), 6)
    check.equal(findings([require("shellcheck"), *scripts], 60), "")
    ran("analysis", f"shellcheck on {len(scripts)} scripts")


@test("clang-tidy's bugprone and cert checks find nothing in preload/ and tools/", timeout=280)
def _():
    check.at_least(len(C_FILES), 150)
    checks = ["-*", "bugprone-*", "cert-*", *(f"-{name}" for name in NO_TIDY)]
    words = [require("clang-tidy"), "-quiet", "-p", BUILD,
             "--extra-arg=-Wno-unknown-warning-option", f"--checks={','.join(checks)}"]
    check.equal(findings_in_each(words, C_FILES, 270), "")
    ran("analysis", f"clang-tidy (bugprone, cert) on {len(C_FILES)} files")


@test("gcc -fanalyzer finds nothing in the ledger, its memory and the memo", timeout=200)
def _():
    check.at_least(len(ANALYZED), 6)
    for path in ANALYZED:
        check.equal(findings([require("gcc"), "-fanalyzer", "-O1", *FLAGS, "-c", "-o", "/dev/null", path], 100), "",
                    path.name)
    ran("analysis", f"gcc -fanalyzer on {len(ANALYZED)} files")


@test("ThreadSanitizer finds no race in ledger, stack table and memo under eight threads", timeout=200)
def _():
    tables = temp_dir() / "tables"
    sources = [SOURCE / "tests" / "tsan" / "tables.c", *ANALYZED,
               *(SOURCE / f"preload/core/capture/{name}.c" for name in ("local_memory", "listed_objects",
                                                                        "object_headers"))]
    check.equal(findings([require("gcc"), "-fsanitize=thread", "-O1", "-g", *FLAGS, "-o", tables, *sources,
                          "-lpthread", "-ldl"], 100), "")
    said = findings([tables], 90)
    check.matches(said, r"^\d+ threads, \d+ operations$")
    check.lacks(said, "WARNING")
    ran("analysis", f"ThreadSanitizer: {said}")


main()
