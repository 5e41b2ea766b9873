#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""SIGUSR1 of the program's own: one that it sends itself, or for which it has chosen the default action, has the
same effect as without the tracer. From elsewhere the signal always requests a snapshot."""

import re
import signal

from support import BUILD, ENGINE, check, main, program, run_bare, run_traced, start_traced, test, wait_until

FDTRAIL = BUILD / "tools" / "fdtrail"
ENDS = "SIGUSR1, which ends the program"
OWN = ", the program's own signal"


@test("SIGUSR1 that the program sends itself by {} ends it as without the tracer, with its last snapshot",
      each=["raise", "kill", "tgkill", "sigqueue", "thread", "timer"])
def _(how):
    bare, run = run_bare([program("own_signal"), how]), run_traced([program("own_signal"), how])
    check.equal(bare.status, -signal.SIGUSR1)
    check.equal((run.status, run.out), (bare.status, bare.out))
    check.equal([found.why for found in run.snapshots], [ENDS])
    check.true(run.last.group_of("leaks_a_pipe"), "the leak is in it")


@test("FDTRAIL_EXIT=0: SIGUSR1 that the program sends itself ends it without a snapshot")
def _():
    run = run_traced([program("own_signal"), "raise"], EXIT=0)
    check.equal((run.status, run.snapshots), (-signal.SIGUSR1, []))


@test("SIGUSR1 from elsewhere after the program has chosen the default action ends it: {}",
      each=["chosen", "restored"])
def _(how):
    run = start_traced([program("own_signal"), how])
    wait_until(lambda: "ready" in run.out)
    run.send(signal.SIGUSR1)
    check.equal(run.wait().status, -signal.SIGUSR1)
    check.equal([found.why for found in run.snapshots], [ENDS])


@test("SIGUSR1 from elsewhere ends a program whose handler was to run once, the second time")
def _():
    run = start_traced([program("own_signal"), "once"])
    wait_until(lambda: "ready" in run.out)
    check.lacks(run.snapshot().why, OWN)
    wait_until(lambda: "handled\nready" in run.out)
    run.send(signal.SIGUSR1)
    check.equal(run.wait().status, -signal.SIGUSR1)
    check.equal(run.last.why, ENDS)


@test("SIGUSR1 from elsewhere requests a snapshot if the program has never set its action")
def _():
    run = start_traced([program("own_signal"), "waits"])
    wait_until(lambda: "ready" in run.out)
    for number in (1, 2):
        found = run.snapshot()
        check.equal(found.number, number)
        check.matches(found.why, r"^SIGUSR1 from process \d+$")
    check.equal(run.status, None)


@test("SIGUSR1 that a process sends its forked child with the default action ends the child")
def _():
    words = [program("own_signal"), "worker"]
    bare, run = run_bare(words), run_traced(words)
    check.equal(bare.out, "child: signal 10\n")
    check.equal((run.status, run.out), (bare.status, bare.out))
    check.contains([found.why for found in run.all_snapshots], ENDS)


@test("a snapshot notes that the signal is the program's own: {}", each=["told", "raised"])
def _(how):
    run = run_traced([program("own_signal"), "told"] if how == "told" else [program("signals"), "sigaction"])
    check.equal(run.status, 0)
    asked = [found.why for found in run.all_snapshots if found.why.startswith("SIGUSR1")]
    check.at_least(len(asked), 1, "snapshots")
    for why in asked:
        check.equal(why, f"SIGUSR1 from process {run.pid}{OWN}")


@test("fdtrail run reports no snapshot that only the program's own signal has requested")
def _():
    run = run_bare([FDTRAIL, "run", f"--engine={ENGINE}", "--", program("signals"), "sigaction"])
    check.equal(run.status, 0)
    check.equal(len(re.findall(r"^signals, process \d+: ", run.err, re.MULTILINE)), 1, "reports: that of the end")


@test("fdtrail run: a program that ends itself by SIGUSR1 is reported, and has its status")
def _():
    run = run_bare([FDTRAIL, "run", f"--engine={ENGINE}", "--", program("own_signal"), "raise"])
    check.equal(run.status, 128 + signal.SIGUSR1)
    check.contains(run.err, "leaks_a_pipe")
    check.lacks(run.err, "could not tell")


main()
