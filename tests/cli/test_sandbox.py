#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that forbid themselves system calls which a snapshot needs: it says what is missing, and the
program runs on."""

from support import check, main, program, run_traced, test


def sandboxed(action, *calls):
    run = run_traced([program("sandboxed"), action, *calls])
    check.equal((run.status, run.out), (3, "alive\n"))
    check.true(all(line.startswith("fdtrail: ") for line in run.err.splitlines()), run.err)
    return run


@test("{0} of {1}: the program lives, and one line for each request says that there is no snapshot",
      each=[("errno", "openat"), ("kill", "openat"), ("errno", "mmap"), ("kill", "statx"), ("kill", "fcntl"),
            ("kill", "readlinkat")])
def _(action, call):
    run = sandboxed(action, call)
    check.at_least(len(run.err.splitlines()), 2, "lines")
    check.matches(run.err, "snapshot")


@test("{0} of {1}: a snapshot is taken without", each=[
    ("errno", "clone"), ("errno", "process_vm_readv"), ("errno", "getsockopt"), ("errno", "statx"),
    ("errno", "readlinkat")])
def _(action, call):
    run = sandboxed(action, call)
    check.at_least(len(run.snapshots), 2, "snapshots")
    check.contains(run.last.text, "leaks_before")


@test("clone and openat refused: the program lives, and is told why there is no snapshot")
def _():
    check.contains(sandboxed("errno", "clone", "openat").err, "operation not permitted")


main()
