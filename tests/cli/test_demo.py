#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A newcomer's first minutes: scripts/run, and the demonstration that it shows."""

import os
import re

from support import BUILD, SOURCE, check, leftovers, main, program, require_attach, run_bare, run_traced, test

RUN = SOURCE / "scripts" / "run"


def scripts_run(*words, **arguments):
    """Runs scripts/run for this build folder."""
    environment = {"BUILD_DIR": str(BUILD), **arguments.pop("env", {})}
    return run_bare([RUN, *words], env=environment, timeout=120, **arguments)


@test("the demonstration ends well and leaves no process behind", timeout=150)
def _():
    run = scripts_run()
    check.equal(run.status, 0)
    check.contains(run.out, "demo: ")
    check.equal(leftovers(), [])


@test("scripts/run shows the demonstration's two snapshots with functions and lines")
def _():
    run = scripts_run()
    check.equal(re.findall(r"^demo, process \d+: (\d)", run.err, re.MULTILINE), ["3", "8"])
    check.matches(run.err, r"=> #0 open_connection +\S*demo\.c:\d+")


@test("the demonstration shows two snapshots, at SIGUSR1 and at exit, and no other")
def _():
    run = run_traced([program("demo")], OUTPUT="stderr")
    check.equal([found.number for found in run.snapshots], [1, 2])
    check.contains(run.snapshots[0].why, "SIGUSR1")
    check.contains(run.snapshots[1].why, "exit")
    check.equal(len(run.all_snapshots), 2, "snapshots, those of the server included")


@test("the demonstration names the leaking function, and prints CLOSE_WAIT")
def _():
    run = run_traced([program("demo")], OUTPUT="stderr")
    check.equal(len(run.snapshots), 2, "snapshots")
    for snapshot, count in zip(run.snapshots, [3, 8]):
        first = snapshot.groups[0]
        check.equal(first.count, count)
        check.equal(first.functions[:4], ["open_connection", "fetch_status", "poll_brokers", "main"])
        check.contains(first.text, "CLOSE_WAIT")
        check.lacks(snapshot.text, "check_health")


@test("scripts/run passes on input, output and exit status")
def _():
    run = scripts_run("sh", "-c", "cat; echo error >&2; exit 7", stdin="some text\n")
    check.equal(run.out, "some text\n")
    check.equal(run.err, "error\n")
    check.equal(run.status, 7)


@test("scripts/run puts the tracer before other preloaded libraries")
def _():
    # The command is a script of its own, because the library is preloaded for scripts/run itself, too.
    other = "libm.so.6"
    run = scripts_run("sh", "-c", "echo $LD_PRELOAD", env={"LD_PRELOAD": other})
    check.equal(run.out, f"{BUILD}/preload/libfdtrail.so:{other}\n")


@test("scripts/run works from any folder")
def _():
    check.equal(scripts_run("pwd", cwd="/").out, "/\n")


@test("scripts/run of a command that does not exist prints one message and returns the shell's 127")
def _():
    run = scripts_run("fdtrail-no-such-command")
    check.equal(run.status, 127)
    check.contains(run.err, "fdtrail-no-such-command")


@test("scripts/{} --help explains itself", each=["run", "attach-demo", "build", "setup", "test"])
def _(name):
    run = run_bare([SOURCE / "scripts" / name, "--help" if name != "build" else "-h"])
    check.equal(run.status, 0)
    check.matches(run.out, f"^usage: scripts/{name}")


@test("scripts/{} refuses unknown words", each=["run", "attach-demo", "build", "setup", "test"])
def _(name):
    run = run_bare([SOURCE / "scripts" / name, "-?"])
    check.equal(run.status, 2)
    check.matches(run.err, f"usage: scripts/{name}")


@test("scripts/attach-demo names the function of a server that runs, and leaves it running until it has shown that",
      timeout=100)
def _():
    require_attach()
    run = run_bare([SOURCE / "scripts" / "attach-demo"], env={"BUILD_DIR": str(BUILD)}, timeout=90)
    check.equal(run.status, 0, run.err)
    check.matches(run.err, r"^fdtrail: attached to leaky_server, process \d+ \(2 threads, one paused for ")
    check.matches(run.out, r"likeliest leak: \d+ tcp sockets in CLOSE_WAIT, accepted at port \d+ in handle_client "
                           r"at \S*leaky_server\.c:\d+$")
    check.contains(run.out, "The server goes on.")


@test("the files of scripts/ are executable")
def _():
    check.equal([path.name for path in (SOURCE / "scripts").iterdir() if not os.access(path, os.X_OK)], [])


main()
