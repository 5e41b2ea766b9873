#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail snapshot of a program that blocks every signal in all its threads: the program answers, and can't
notice the request."""

import contextlib
import os
import re
import shutil
import signal

import snapshot_text
from support import BUILD, check, main, program, run_bare, start_traced, temp_dir, test, wait_until

FDTRAIL = BUILD / "tools" / "fdtrail"
HOWS = ["read", "poll", "epoll", "sigwait", "pending"]


@contextlib.contextmanager
def waiting(how, threads, engine, command=FDTRAIL, words=(), preexec=None):
    """The waiting program, its process id, and the descriptor that ends the wait."""
    reader, writer = os.pipe()

    def prepare():
        os.dup2(reader, 0)
        if preexec:
            preexec()

    argv = [program("blocks"), how, threads]
    if engine == "ptrace":
        argv = [command, "run", "--engine=ptrace", *words, "--", *argv]
    run = start_traced(argv, traced=engine == "preload", preexec=prepare)
    os.close(reader)
    wait_until(lambda: "ready" in run.out, what="the program's line")
    pid = int(re.search(r"ready (\d+)", run.out)[1])
    # The program prints the line just before it waits.
    wait_until(lambda: state(pid) == "S", what="its wait")
    try:
        yield run, pid, writer
    finally:
        os.close(writer)


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def answer(pid, command=FDTRAIL):
    asked = run_bare([command, "snapshot", "--raw", pid])
    check.equal((asked.status, asked.err), (0, ""))
    return snapshot_text.parse_all(asked.out)[0]


@test("a program that blocks all signals answers by {1}, and its wait goes on: {0}, {2} more threads",
      each=[(how, engine, threads) for how in HOWS for engine in ("preload", "ptrace") for threads in (0, 2)])
def _(how, engine, threads):
    with waiting(how, threads, engine) as (run, pid, writer):
        for _ in range(3):
            check.true(answer(pid).group_of("leaks_a_pipe"), "the leak is in it")
        if how == "sigwait":
            os.kill(pid, signal.SIGUSR2)  # it reads nothing, and may have ended at once
        else:
            os.write(writer, b"x")
        run.wait()
        check.equal((run.status, run.out.splitlines()[1:]),
                    (0, [f"{signal.SIGUSR2 if how == 'sigwait' else 1}, errno 0, blocked 1, "
                         f"pending {int(how == 'pending')}"]))


@test("under the ptrace engine a program that takes no signal answers, too, and so does a stopped one")
def _():
    with waiting("read", 0, "ptrace", words=["--signal=none"]) as (run, pid, writer):
        check.true(answer(pid).group_of("leaks_a_pipe"), "the leak is in it")
        os.kill(pid, signal.SIGSTOP)
        check.true(answer(pid).group_of("leaks_a_pipe"), "the leak is in it")
        check.equal(answer(pid).number, 3)
        # fdtrail run stops together with its program, as a shell's job does.
        run.send(signal.SIGCONT)
        os.write(writer, b"x")
        check.equal(run.wait().status, 0)


@test("if the program blocks the signal and can't be traced, one line says so at once")
def _():
    with waiting("read", 0, "preload") as (run, pid, _):
        # Another process traces it: strace, or a debugger.
        strace = shutil.which("strace")
        tracing = start_traced([strace, "-o", temp_dir() / "calls", "-p", pid], traced=False)
        wait_until(lambda: "attached" in tracing.err, what="strace")
        asked = run_bare([FDTRAIL, "snapshot", pid])
        check.equal((asked.status, asked.out, asked.err.count("\n")), (2, "", 1))
        check.matches(asked.err, rf"^fdtrail snapshot: process {pid} blocks SIGUSR1 in all its threads, and ")
        check.contains(asked.err, "--outside")
        check.equal(run.status, None)


main()
