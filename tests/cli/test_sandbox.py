#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that confine themselves by seccomp(2): the filter may forbid calls that a snapshot needs, and may
even kill for them. The program ends as it does bare, and a line on stderr says what its snapshots lack."""


import signal

from support import check, main, program, run_bare, run_traced, test

# System calls that a snapshot makes, and that the program itself doesn't make after its filter.
NEEDS = ["openat", "clone", "wait4", "statx", "newfstatat", "readlinkat", "fcntl", "getdents64", "ioctl", "getsockopt",
         "getsockname", "process_vm_readv", "pread64", "getpid", "gettid", "prlimit64", "clock_gettime", "tgkill",
         "nanosleep", "uname", "rt_sigprocmask", "eventfd2", "ppoll", "writev", "mmap", "munmap", "close", "read",
         "rt_sigaction", "getuid", "geteuid", "getppid"]


def confined(way, action, *names, **arguments):
    """The traced run, which must end as the bare one."""
    words = [program("confines"), way, action, *names]
    bare, traced = run_bare(words, preexec=ignore_usr1), run_traced(words, **arguments)
    check.equal((bare.status, bare.out), {"strict": (5, "confined\n"), "term": (-15, "confined\nasked\n")}.get(
        way, (4, "confined\nasked\n")))
    check.equal((traced.status, traced.out), (bare.status, bare.out))
    return traced


def ignore_usr1():
    """In the bare run no tracer handles SIGUSR1."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)


def whole(run, named=True):
    """Checks that there are two snapshots, one by the signal and one at exit, each with the descriptors and
their openers. The names of functions come from the program's file."""
    check.equal(len(run.snapshots), 2, "snapshots")
    for snapshot in run.snapshots:
        for function in ("opens_before", "opens_after"):
            check.true(snapshot.group_of(function) or not named, f"a group opened in {function}")
        check.lacks(snapshot.text, "untraced call")
        check.equal(sorted(found.fd for found in snapshot.descriptors.values() if found.fd < 6)[:3], [3, 4, 5])


@test("a filter that answers {1} to {0}: the program ends as bare, and takes the snapshots that it can take",
      each=[(name, action) for name in NEEDS for action in ("EPERM", "ENOSYS", "kill", "trap")])
def _(name, action):
    run = confined("prctl", action, name, OUTPUT="stderr")
    check.lacks(run.err, "cut short")
    # Without memory or writing there is no snapshot, and without openat functions have no names.
    if name not in ("mmap", "munmap"):
        whole(run, named=name not in ("openat", "pread64"))


@test("a filter that kills for {}: SIGTERM ends the program as it does bare",
      each=["rt_sigaction", "rt_sigprocmask", "tgkill", "getpid", "gettid", "openat", "clone"])
def _(name):
    confined("term", "kill", name, OUTPUT="stderr")


@test("filters that kill for any two of {0} and others: the program ends as bare", each=["openat", "clone", "fcntl"])
def _(name):
    for other in NEEDS:
        if other != name:
            confined("seccomp", "kill", name, other, OUTPUT="stderr")


@test("a filter that kills for all calls that a snapshot needs: one line says so before, the program ends as bare")
def _():
    run = confined("seccomp", "kill", *NEEDS, OUTPUT="stderr")
    check.equal(run.snapshots, [])
    check.equal(len(run.err.splitlines()), 1, "lines on stderr")
    check.matches(run.err, r"^fdtrail: confines sets up a seccomp filter that refuses openat, .*: from now on "
                           "fdtrail can't take snapshots$")


@test("a filter that kills for openat and clone: one line says what snapshots lack, and they are taken")
def _():
    run = confined("prctl", "kill", "openat", "clone", OUTPUT="stderr")
    whole(run, named=False)
    said = [line for line in run.err.splitlines() if line.startswith("fdtrail: ")]
    check.equal(said, ["fdtrail: confines sets up a seccomp filter that refuses openat: from now on snapshots lack "
                       "what these calls report"])


@test("if the file can't be opened any more, one line says why there is no snapshot")
def _():
    run = confined("prctl", "kill", "openat")
    check.equal(run.all_snapshots, [])
    check.matches(run.err, r"^fdtrail: confines sets up a seccomp filter that refuses openat.*snapshots$")


@test("SECCOMP_MODE_STRICT: one line says that there will be no snapshot, the program ends as bare")
def _():
    run = confined("strict", "kill", OUTPUT="stderr")
    check.equal(run.snapshots, [])
    check.equal(len(run.err.splitlines()), 1, "lines on stderr")
    check.matches(run.err, "can't take snapshots")


@test("a filter that harms no snapshot is not mentioned")
def _():
    run = confined("prctl", "kill", "kcmp", "sysinfo", OUTPUT="stderr")
    whole(run)
    check.lacks(run.err, "filter")


main()
