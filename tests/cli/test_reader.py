#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Text that the tracer has written is read and written again by the command's reader, byte for byte."""

import subprocess

from support import (BUILD, check, helper, main, program, run_bare, run_traced, start_traced,
                     temp_dir, test)

FDTRAIL = str(BUILD / "tools" / "fdtrail")


def rewritten(text):
    """The snapshots in a text, as the reader parses them."""
    run = subprocess.run([helper("rewrite")], input=text.encode(errors="surrogateescape"), capture_output=True,
                         timeout=60, check=False)
    check.equal(run.stderr, b"", "what the reader says")
    check.equal(run.returncode, 0, "its status")
    return run.stdout.decode(errors="surrogateescape")


@test("the snapshots of {} come back byte for byte", each=["opens", "streams", "forks", "signals", "terminals"])
def _(name):
    run = run_traced([program(name)], INHERITED="1", SHOW="2", VERBOSE="1")
    check.true(run.all_snapshots, "there are snapshots")
    for snapshot in run.all_snapshots:
        check.equal(rewritten(snapshot.text), snapshot.text)


@test("peaks come back byte for byte")
def _():
    run = run_traced([program("closes_at_exit"), "100", "exit"], PEAKS="1")
    check.true(run.last.peaks, run.last.text)
    check.equal(rewritten(run.last.text), run.last.text)


@test("all snapshots of the demonstration come back from among its output")
def _():
    run = run_traced([program("demo")], OUTPUT="stderr")
    check.equal(rewritten(run.err), "".join(snapshot.text for snapshot in run.all_snapshots))


@test("the snapshots of several processes in one file come back one after another")
def _():
    output = temp_dir() / "all.txt"
    for _ in range(3):
        run_traced([program("demo")], OUTPUT=str(output))
    text = output.read_text()
    check.equal(text.count("\nend of fdtrail snapshot, format 1\n"), 6, "snapshots")
    check.equal(rewritten(text), text)


@test("the snapshot of a static program, by ptrace, comes back byte for byte")
def _():
    output = temp_dir() / "static.txt"
    built = program("grows", "gcc-static")
    run = run_bare([FDTRAIL, "run", f"--output={output}", "--inherited=1", f"--report={output}.report", "--", built])
    check.equal(run.status, 0)
    text = output.read_text()
    check.equal(text.count("\nend of fdtrail snapshot, format 1\n"), 2, "snapshots")
    check.equal(rewritten(text), text)


@test("the snapshot of a process that is not traced comes back byte for byte")
def _():
    process = start_traced(["sleep", "60"], traced=False)
    text = run_bare([FDTRAIL, "snapshot", "--raw", str(process.pid)]).out
    check.contains(text, "\nend of fdtrail snapshot, format 1\n")
    check.equal(rewritten(text), text)


main()
