#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Descriptors without close-on-exec: programs that the process executes get them."""

import re

from support import BUILD, check, main, program, run_bare, run_traced, temp_dir, test

FDTRAIL = BUILD / "tools" / "fdtrail"


def snapshot(**options):
    path = temp_dir() / "snapshot"
    check.equal(run_traced([program("inheritable")], OUTPUT=str(path), **options).status, 0)
    return path


@test("report --inheritable shows only what executed programs get, without the standard streams")
def _():
    run = run_bare([FDTRAIL, "report", "--inheritable", snapshot()])
    check.equal(run.status, 0)
    check.equal(re.findall(r"(?m)^\d+\. (.*) at ", run.out), ["3 devices, opened in opens_inheritable"])


@test("--max-inheritable={} where executed programs get 3 descriptors: status {}", each=[(3, 0), (2, 1), (0, 1)])
def _(limit, status):
    run = run_bare([FDTRAIL, "check", f"--max-inheritable={limit}", snapshot()])
    check.equal(run.status, status)
    check.contains(run.out, f"--max-inheritable {limit}: 3 open without close-on-exec" if status else
                   "all limits are kept")
    if status:
        check.contains(run.out, "opens_inheritable")
        check.lacks(run.out, "opens_private")


@test("--max-inheritable is not kept by what the snapshot does not list")
def _():
    run = run_bare([FDTRAIL, "check", "--max-inheritable=2", snapshot(SHOW=1)])
    check.equal(run.status, 2)
    check.contains(run.out, "--max-inheritable 2: the snapshot does not list 2 descriptors (FDTRAIL_SHOW=all lists them)")


@test("run --max-inheritable checks each process at its end")
def _():
    run = run_bare([FDTRAIL, "run", "--max-inheritable=2", "--", program("inheritable")])
    check.equal(run.status, 1)
    check.contains(run.err, "--max-inheritable 2: 3 open without close-on-exec")
    check.equal(run_bare([FDTRAIL, "run", "--max-inheritable=3", "--", program("inheritable")]).status, 0)


main()
