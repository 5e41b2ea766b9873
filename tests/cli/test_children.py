#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Descriptors that child processes have open, too."""

import re

from support import BUILD, check, main, program, run_bare, run_traced, temp_dir, test

FDTRAIL = BUILD / "tools" / "fdtrail"
GIVEN = re.compile(r"also open in process (\d+) \(sleep\)")


@test("sockets and pipe ends that a child got are listed with the child; private ones are not")
def _():
    run = run_traced([program("gives")])
    check.equal(run.status, 0)
    child, *given = (int(word) for word in run.out.split())
    found = {fd: int(GIVEN.search(descriptor.text)[1]) for fd, descriptor in run.last.descriptors.items()
             if GIVEN.search(descriptor.text)}
    check.equal(found, dict.fromkeys(given, child))


@test("the report says that a close in the parent does not end them")
def _():
    path = temp_dir() / "snapshot"
    run_traced([program("gives")], OUTPUT=str(path))
    out = run_bare([FDTRAIL, "report", path]).out
    check.contains(out, "3 of the 4 are also open in child processes, which keep them open after a close here.")
    check.equal(out.count("after a close here"), 1)


main()
