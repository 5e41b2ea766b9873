#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Triggers of a snapshot: a signal, the end of the program, running out of descriptors, a threshold, an
interval. The program's own signal handling stays as it is."""

import errno
import resource
import signal

import snapshot_text
from support import (ENGINE, LIBRARY, PYTHON, check, main, program, public, require, run_bare, run_traced, skip,
                     start_traced, temp_dir, test, wait_until)


def limited(soft, hard):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def waiting(number=1, **arguments):
    """A program that leaks and then waits for a signal."""
    run = start_traced([program("ends"), "wait", number], **arguments)
    wait_until(lambda: "buffered" in run.out, what="the program's line")
    return run


@test("SIGUSR1 triggers a snapshot and the program runs on")
def _():
    run = waiting()
    found = run.snapshot()
    check.contains(found.why, "SIGUSR1")
    check.true(found.group_of("leaks_files"), "the leak is in it")
    check.equal(run.status, None)
    check.equal(run.snapshot().number, 2)


@test("FDTRAIL_SIGNAL={}: this signal triggers a "
      "snapshot", each=[("USR2", 12), ("SIGUSR2", 12), ("12", 12), ("RTMIN+1", 35),
                                                ("WINCH", 28), ("URG", 23)])
def _(name, number):
    run = waiting(SIGNAL=name)
    run.send(number)
    wait_until(lambda: run.snapshots, what="a snapshot")
    check.equal(run.status, None)


@test("asked while {} returns: what it has just opened is not said to be opened by an untraced call",
      each=["open", "dup", "dup2", "fcntl", "socket", "pipe", "socketpair", "recvmsg", "fopen", "opendir"])
def _(how):
    run = run_traced([program("asked"), how, 100], SIGNAL="ALRM")
    check.equal(run.status, 0)
    check.at_least(len(run.snapshots), 100)
    # Between the return of the system call and the hook there are a few instructions during which the number is in
    # no place known to the tracer.
    behind = sum("opened by an untraced call" in found.text for found in run.snapshots)
    check.at_most(behind, 20, "snapshots that say so")


@test("FDTRAIL_SIGNAL=USR2 leaves SIGUSR1 as it was: it ends the program")
def _():
    run = waiting(SIGNAL="USR2")
    run.send(signal.SIGUSR1)
    check.equal(run.wait().status, -signal.SIGUSR1)


@test("FDTRAIL_SIGNAL=none: SIGUSR1 ends the program")
def _():
    run = waiting(SIGNAL="none")
    run.send(signal.SIGUSR1)
    check.equal(run.wait().status, -signal.SIGUSR1)
    # The ptrace engine sees every death.
    check.equal([found.why for found in run.snapshots],
                ["SIGUSR1, which ends the program"] if ENGINE == "ptrace" else [])
    check.equal([found.fields["end"] for found in run.snapshots],
                [f"signal {signal.SIGUSR1.value}"] if ENGINE == "ptrace" else [])


@test("a handler set by {} runs after the snapshot, and is what the program reads back",
      each=["sigaction", "info", "signal", "sigset"])
def _(how):
    run = run_traced([program("signals"), how])
    check.equal(run.status, 0)
    check.equal(run.out, run_bare([program("signals"), how]).out)
    check.equal(["SIGUSR1" in found.why for found in run.snapshots], [True, True, False])


@test("SA_RESETHAND: the handler runs once, and is gone as without the tracer")
def _():
    run = run_traced([program("signals"), "resethand"])
    bare = run_bare([program("signals"), "resethand"])
    check.equal(run.out.splitlines()[:2], bare.out.splitlines()[:2])
    check.at_least(len(run.snapshots), 2, "snapshots")


@test("an ignored signal still triggers, and the program reads back its own setting")
def _():
    run = run_traced([program("signals"), "ignore"])
    check.equal(run.out, run_bare([program("signals"), "ignore"]).out)
    check.equal(len(run.snapshots), 3)


@test("a handler of another signal is not touched")
def _():
    for how in ["sigaction", "info", "resethand", "signal", "sigset", "ignore"]:
        words = [program("signals"), how, signal.SIGUSR2]
        run, bare = run_traced(words), run_bare(words)
        check.equal((run.status, run.out), (bare.status, bare.out), how)


@test("a signal that the program ignores is ignored in a program that it executes")
def _():
    # The program after the exec is one that the tracer leaves alone, so it shows the real signal state.
    script = "trap '' USR1; exec /usr/bin/env -u LD_PRELOAD grep SigIgn /proc/self/status"
    words = ["/bin/sh", "-c", script]
    check.equal(run_traced(words).out, run_bare(words).out)


@test("the end by {} gives a snapshot and the program's status",
      each=["return", "exit", "_exit", "quick_exit"])
def _(how):
    run = run_traced([program("ends"), how])
    check.equal(run.status, 3)
    check.equal(len(run.snapshots), 1)
    check.equal(run.last.group_of("leaks_files").count, 1)
    check.contains(run.last.why, "exit")
    check.equal(run.out, run_bare([program("ends"), how]).out)


@test("nothing unclosed: nothing is printed at the end by {}", each=["none"])
def _(how):
    run = run_traced([program("ends"), how], OUTPUT="stderr")
    check.equal((run.status, run.err), (0, ""))


@test("descriptors closed by atexit handlers and destructors are not reported")
def _():
    run = run_traced([program("ends"), "handlers"], OUTPUT="stderr")
    check.equal((run.status, run.err), (0, ""))


@test("{}, which would end the program: a snapshot first, then the signal ends it",
      each=["SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE", "SIGALRM", "SIGUSR2"])
def _(name):
    run = waiting()
    run.send(getattr(signal, name))
    check.equal(run.wait().status, -getattr(signal, name))
    check.equal(len(run.snapshots), 1)
    check.contains(run.last.why, name)


@test("{} that the program handles or ignores ends nothing and prints nothing",
      each=["SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE", "SIGALRM", "SIGUSR2"])
def _(name):
    number = getattr(signal, name)
    for how in ["sigaction", "info", "signal", "ignore"]:
        words = [program("signals"), how, number]
        run, bare = run_traced(words), run_bare(words)
        check.equal((run.status, run.out), (bare.status, bare.out), how)
        check.equal(["exit" in found.why for found in run.snapshots], [True], how)


@test("FDTRAIL_EXIT=0: no snapshot at the end by {}", each=["return", "_exit", "quick_exit"])
def _(how):
    run = run_traced([program("ends"), how], EXIT=0)
    check.equal((run.status, run.snapshots), (3, []))


@test("FDTRAIL_EXIT=0: SIGTERM ends the program at once, without a snapshot")
def _():
    run = waiting(EXIT=0)
    run.send(signal.SIGTERM)
    check.equal((run.wait().status, run.snapshots), (-signal.SIGTERM, []))


@test("FDTRAIL_EXITCODE=77: the end by {} has this status, and its output is whole",
      each=["return", "exit", "_exit", "quick_exit"])
def _(how):
    run = run_traced([program("ends"), how], EXITCODE=77)
    check.equal(run.status, 77)
    check.equal(run.out, run_bare([program("ends"), how]).out)


@test("FDTRAIL_EXITCODE=77 with EXIT=0 changes the status and prints nothing")
def _():
    run = run_traced([program("ends"), "return"], EXITCODE=77, EXIT=0)
    check.equal((run.status, run.snapshots, run.out), (77, [], "buffered\n"))


@test("FDTRAIL_EXITCODE=77 leaves the status of a program that closes everything")
def _():
    check.equal(run_traced([program("ends"), "none"], EXITCODE=77).status, 0)


@test("FDTRAIL_EXITCODE=77 counts only what FDTRAIL_KINDS names")
def _():
    check.equal(run_traced([program("ends"), "return"], EXITCODE=77, KINDS="sockets").status, 3)
    check.equal(run_traced([program("ends"), "return"], EXITCODE=77, KINDS="device").status, 77)


@test("descriptors run out: one snapshot, at once, with names (limits {} and {})",
      each=[(32, 32), (32, 4096), (64, 64)])
def _(soft, hard):
    run = run_traced([program("ends"), "return", -1], preexec=limited(soft, hard))
    check.equal(run.status, 3)
    check.equal(["EMFILE" in found.why for found in run.snapshots], [True, False])
    first = run.snapshots[0]
    check.contains(first.why, "open")
    check.equal(first.groups[0].functions[:2], ["leaks_files", "main"])
    check.equal(first.groups[0].count, soft - 3)


@test("descriptors run out: the snapshot reaches stderr, too")
def _():
    run = run_traced([program("ends"), "return", -1], preexec=limited(32, 32), OUTPUT="stderr")
    check.equal(["EMFILE" in found.why for found in run.snapshots], [True, False])
    check.contains(run.snapshots[0].groups[0].functions, "leaks_files")


@test("descriptors run out: the snapshot says that the process' limit is reached, and how far it may raise it")
def _():
    run = run_traced([program("watches")], preexec=limited(20, 40))
    check.equal(run.out, f"17 {errno.EMFILE}\n")
    check.matches(run.snapshots[0].text, r"\nlimit reached: RLIMIT_NOFILE \(20\) of this process, which it may raise to 40\n")


@test("a user's inotify instances run out: the snapshot names that limit, and the processes that have them")
def _():
    # A user namespace has a limit of its own, and root may make one for a user who has no other process.
    user = 64999
    script = 'echo 5 >/proc/sys/user/max_inotify_instances && exec "$0"'
    run = run_traced([require("setpriv"), f"--reuid={user}", f"--regid={user}", "--clear-groups", require("unshare"),
                      "-Ur", "/bin/sh", "-c", script, public(program("watches"))],
                     OUTPUT="stderr", env={"LD_PRELOAD": public(LIBRARY)} if ENGINE == "preload" else {})
    if "unshare" in run.err and "not permitted" in run.err:
        skip("the kernel makes no user namespaces for users")
    check.equal(run.out, f"5 {errno.EMFILE}\n")
    first = snapshot_text.parse_all(run.err)[0]
    check.contains(first.why, "EMFILE: inotify_init1() failed, a limit is reached")
    # The ptrace engine looks from another user namespace, where the user has another number.
    whose = "(5) of user 0" if ENGINE == "preload" else f"of user {user}"
    check.contains(first.text, f"\nlimit reached: fs.inotify.max_user_instances {whose}: 5 in process {run.pid} "
                               "(watches)\n")


@test("FDTRAIL_EMFILE=0: running out of descriptors prints nothing")
def _():
    run = run_traced([program("ends"), "return", -1], preexec=limited(32, 32), EMFILE=0)
    check.equal(["EMFILE" in found.why for found in run.snapshots], [False])


@test("FDTRAIL_THRESHOLD={} of 200: a snapshot at the threshold and at each doubling",
      each=["20", "10%"])
def _(value):
    run = run_traced([program("ends"), "return", 100], preexec=limited(200, 200), THRESHOLD=value)
    marks = [found.why for found in run.snapshots if "threshold" in found.why]
    check.equal([why.split(", ")[1].split()[0] for why in marks], ["20", "40", "80"])


@test("if the first end of a pipe reaches a threshold, the second does not count as opened by an untraced call")
def _():
    code = "import os\nfor _ in range(20): os.pipe()\nos._exit(0)"
    run = run_traced([PYTHON, "-c", code], THRESHOLD=7, EXIT=0)
    check.equal(run.status, 0)
    check.at_least(len(run.snapshots), 2)
    check.lacks("".join(found.text for found in run.snapshots), "opened by an untraced call")


@test("FDTRAIL_THRESHOLD above the number of open descriptors prints nothing")
def _():
    run = run_traced([program("ends"), "return", 50], THRESHOLD=100)
    check.equal(["exit" in found.why for found in run.snapshots], [True])


@test("FDTRAIL_INTERVAL=1: a snapshot at the first open after each second")
def _():
    script = "for i in 1 2 3 4 5 6 7 8; do : < /dev/null; read -t 0.3 x <> <(:) ; done"
    run = run_traced(["/bin/bash", "-c", script], INTERVAL=1)
    own = [found for found in run.snapshots if found.why == "interval"]
    check.at_least(len(own), 1, "snapshots by the interval")
    check.at_most(len(own), 3, "snapshots by the interval")


@test("threads that request snapshots endlessly all proceed, and each request gets a later snapshot",
      timeout=280)
def _():
    path = temp_dir() / "report"
    run = run_traced([program("flood"), path, 50], OUTPUT=path, EXIT=0, timeout=270)
    check.equal((run.status, run.err), (0, ""))
    (least, requests), *rounds = [[int(word) for word in line.split()] for line in run.out.splitlines()]
    text = path.read_bytes()
    # A thread that has to answer all other threads' requests makes none of its own.
    check.at_least(least, 200, "requests of the thread that got on worst, while another made 20000")
    check.at_most(len(snapshot_text.parse_all(text.decode())), requests + 50 * 4, "snapshots")
    check.equal(len(rounds), 50)
    begin = 0
    for size, *opened in rounds:
        found = snapshot_text.parse_all(text[begin:size].decode())
        begin = size
        check.true(found and set(opened) <= set(found[-1].descriptors),
                   f"the last snapshot, up to byte {size}, lists {opened}: it has "
                   f"{sorted(found[-1].descriptors) if found else 'not been written'}")


main()
