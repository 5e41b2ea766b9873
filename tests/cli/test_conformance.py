#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail is invisible: each case of tests/conformance/ prints the same bare and traced, byte for byte: results,
errno, numbers, open descriptors, what handlers see, and how the program ends."""

import functools
import subprocess

from support import BUILD, check, main, ran, run_bare, run_traced, temp_dir, test

PROGRAM = BUILD / "tests" / "conformance" / "conformance"
CASES = subprocess.run([PROGRAM, "list"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()


def cases(text):
    """The output of each case, by its name."""
    parts = [part.partition("\n") for part in text.split("== ")[1:]]
    return {name: said for name, _, said in parts}


@functools.cache
def runs():
    """The cases of a bare run, of a traced one, and of one whose uses of descriptors are recorded. Each case is a process of its own."""
    bare = run_bare([PROGRAM], cwd=temp_dir(), timeout=120)
    traced = run_traced([PROGRAM], cwd=temp_dir(), timeout=120)
    using = run_traced([PROGRAM], cwd=temp_dir(), timeout=120, USED_BY="all")
    check.equal((bare.status, traced.status, using.status), (0, 0, 0))
    ran("conformance", f"{len(CASES)} cases bare, traced, and with all uses recorded, "
                       f"{len(bare.out.splitlines())} lines compared")
    return cases(bare.out), cases(traced.out), cases(using.out)


@test("{}: the same bare and traced", each=CASES, timeout=400)
def _(name):
    bare, traced, using = runs()
    check.true(bare.get(name), "it has said something")
    check.lacks(bare[name], "signal 14", "out of time")
    check.equal(traced.get(name), bare[name])
    check.equal(using.get(name), bare[name], "with FDTRAIL_USED_BY=all")


main()
