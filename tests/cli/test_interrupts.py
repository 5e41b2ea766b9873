#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""errno, interruption, cancellation and blocking are those of the real calls."""

from support import check, main, program, run_bare, run_traced, test


@test("hooks keep errno when they succeed, and leave the kernel's when they fail")
def _():
    check.equal(run_bare([program("errnos")]).out, "", "what is wrong without the tracer")
    run = run_traced([program("errnos")])
    check.equal((run.out, run.status), ("", 0))


@test("{}", each=[
    ("accept that a handler interrupts ends with EINTR", "eintr", "-1 1\n"),
    ("a snapshot on an alternate stack of 8 KiB works, and the program's handler runs there", "stack", "1\n"),
    ("a signal handler may open and close while the program does", "handler", "1\n"),
    ("a thread can be cancelled in accept, in read and in close", "cancel", "1 1 1\n"),
    ("a thread that waits in accept holds up no other", "blocked", "done\n")])
def _(promise, how, out):
    run = run_traced([program("interrupts"), how])
    check.equal((run.status, run.out), (0, out), promise)
    check.equal(run.last.group_of("leaks_at_last").functions[:2], ["leaks_at_last", "main"])
    check.lacks(run.last.text, "opens_in_handler")


main()
