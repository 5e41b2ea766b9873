#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Go programs under --engine=planted: what it records, in which processes, and when it leaves it to ptrace."""

import ctypes
import os
import re
import shutil
import signal
import time
from pathlib import Path

import snapshot_text
from support import (BUILD, GO_VARIANTS, check, go_program, main, program, ran, require, run_bare, start_traced, temp_dir,
                     test, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"
# By the functions of tests/programs/go/planted.
KINDS = {"openFile": "device", "copyFile": "device", "makePipe": "pipe", "makeSocket": "tcp", "makePair": "unix",
         "makeEpoll": "epoll", "acceptOne": "tcp"}
PLANTED = ": its calls are recorded by planted code\n"


def run(*words, engine="planted", variant="nocgo", path=None, options=(), **arguments):
    """Runs a mode of the program under the engine; returns its Process, with its snapshots in it."""
    output = temp_dir() / "snapshot"
    arguments.setdefault("timeout", 120)
    done = run_bare([FDTRAIL, "run", f"--engine={engine}", "--show=100000", "--verbose", "--only=planted", *options, "--",
                     path or go_program("planted", variant), *words], env={"FDTRAIL_OUTPUT": str(output)}, **arguments)
    check.equal(done.status, 0, "exit status")
    done.found = snapshot_text.parse_all(output.read_text()) if output.exists() else []
    return done


def opener(group):
    """The function of the program that has opened the group's descriptors."""
    functions = [function.rsplit(".", 1)[-1] for function in group.functions if function]
    return next((function for function in functions if function in KINDS), None)


def open_now(snapshot):
    """The function by number, without what was inherited."""
    return {fd: opener(group) for group in snapshot.groups for fd in group.fds}


def printed(text):
    return {int(fd): function for fd, function in re.findall(r"^(\d+) (\w+)$", text, re.MULTILINE)}


def is_planted(done):
    check.contains(done.err, f"fdtrail: planted{PLANTED}")


def comparable(snapshot):
    """The groups without what differs from run to run."""
    return [re.sub(r"thread \d+|\bage \d+\.\d+s|ages: .*|0x[0-9a-f]+", "", group.text) for group in snapshot.groups]


@test("a leak's line and numbers are those that ptrace finds ({})", each=GO_VARIANTS, timeout=300)
def _(variant):
    require("go")
    planted, ptrace = (run("leak", 20, engine=engine, variant=variant) for engine in ("planted", "ptrace"))
    is_planted(planted)
    check.lacks(ptrace.err, PLANTED)
    snapshot = planted.found[-1]
    check.equal(sorted((opener(group), group.count) for group in snapshot.groups), [("makeSocket", 20), ("openFile", 20)])
    for group in snapshot.groups:
        check.contains(group.text, "20 opened, 0 closed, 20 live")
    check.equal(comparable(snapshot), comparable(ptrace.found[-1]))


@test("in a storm of calls and programs each snapshot names the function that opened each descriptor, and hardly any was "
      "being opened", timeout=180)
def _():
    require("go")
    output = temp_dir()
    process = start_traced([FDTRAIL, "run", "--engine=planted", "--show=100000", "--only=planted", "--verbose",
                            f"--report={output}/report", "--", go_program("planted", "nocgo"), "storm", 5], traced=False,
                           env={"FDTRAIL_OUTPUT": f"{output}/snapshot.%n"}, timeout=60)
    traced = wait_until(lambda: child_of(process.pid), 10, "the program")
    asked = 0
    while process.status is None:
        try:
            os.kill(traced, signal.SIGUSR1)
        except ProcessLookupError:
            break
        asked += 1
        time.sleep(0.2)
    process.wait()
    check.equal(process.status, 0)
    is_planted(process)
    files = sorted(output.glob("snapshot.*"), key=lambda path: int(path.suffix[1:]))
    check.at_least(len(files), 5, "snapshots")
    seen, being_opened, snapshot = 0, 0, None
    for path in files:
        snapshot = snapshot_text.parse_all(path.read_text())[-1]
        for group in snapshot.groups:
            # Their call had not yet returned after 200 ms, because the thread had no processor.
            if "opened by an untraced call" in group.text and path != files[-1]:
                being_opened += len(group.descriptors)
                continue
            # Pipes and files of os/exec are opened in the function that starts programs.
            if any("main.storm.func" in (function or "") for function in group.functions) and not opener(group):
                continue
            for found in group.descriptors:
                check.equal(found.kind, KINDS.get(opener(group)), f"{path.name}, {found.fd}: {found.text}\n{group.text}")
                seen += 1
    check.at_most(being_opened, seen // 200)
    check.equal(open_now(snapshot), printed(process.out))
    ran("descriptors", f"{seen} listed, {process.err.split(' times')[0].split()[-1]} made")


def child_of(pid):
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return None
    for child in found:
        try:
            if "planted" in Path(f"/proc/{child}/comm").read_text():
                return int(child)
        except FileNotFoundError:
            pass
    return None


@test("a CPU profile at 1,000 samples a second names Go's system call function, and the program runs as before", timeout=180)
def _():
    require("go")
    done = run("profiled", 5)
    is_planted(done)
    check.matches(done.err, r"\nprofile of \d+ bytes, Syscall6: true\n")
    check.equal(open_now(done.found[-1]), printed(done.out))


@test("what a forked child closes and opens is its own", timeout=120)
def _():
    require("go")
    done = run("fork")
    is_planted(done)
    parent = next(snapshot for snapshot in done.found if "openFile" in open_now(snapshot).values())
    check.equal(open_now(parent), printed(done.out))
    (child,) = [snapshot for snapshot in done.found if snapshot.pid != parent.pid]
    (group,) = child.groups
    check.equal(group.count, 5)
    check.contains(group.functions, "main.fork", "stops find the stack, too")


@test("when a thread gets a descriptor table of its own, both tables are right", timeout=120)
def _():
    require("go")
    done = run("unshare")
    is_planted(done)
    check.equal(open_now(done.found[-1]), printed(done.out))


@test("{} do not wake the tracer", each=["copies", "requests"], timeout=180)
def _(calls):
    require("go")
    check.at_most(int(run(calls, 2000).out), 200)
    check.at_least(int(run(calls, 2000, engine="ptrace").out), 1000, "with stops")


@test("the last HTTP user of a connection is named without debug registers, and each request counts once", timeout=120)
def _():
    require("go")
    output = temp_dir() / "snapshot"
    done = run_bare([FDTRAIL, "run", "--engine=planted", "--", go_program("leaks", "nocgo"), "Go-response"],
                    env={"FDTRAIL_OUTPUT": str(output), "LD_PRELOAD": program("libnodebug")})
    check.equal(done.status, 0)
    (group,) = [group for group in snapshot_text.parse_all(output.read_text())[-1].groups
                if "last HTTP request by:" in group.text]
    check.equal(group.text.count(", 1 HTTP request by Transport"), 3)
    check.contains(group.text.partition("last HTTP request by:")[2].partition("opened at:")[0], " in main.fetch ")


@test("a threshold takes its snapshots at the exact numbers", timeout=120)
def _():
    require("go")
    done = run("leak", 40, options=["--threshold=30"])
    is_planted(done)
    check.equal([snapshot.why for snapshot in done.found[:2]],
                ["threshold: 30 descriptors are open, 30 was the mark", "threshold: 60 descriptors are open, 60 was the mark"])


def stops(done, why):
    """Checks that the program was traced by stops all the same, and that a line says why."""
    check.contains(done.err, f"fdtrail: planted: its calls stop for fdtrail: {why}\n")
    check.lacks(done.err, PLANTED)
    check.equal(sorted((opener(group), group.count) for group in done.found[-1].groups), [("makeSocket", 3), ("openFile", 3)])


@test("a Go program whose system call function has another form is traced by stops, and a line says so", timeout=120)
def _():
    require("go")
    changed = temp_dir() / "planted"
    shutil.copy(go_program("planted", "nocgo"), changed)
    code = changed.read_bytes()
    # mov %rax, %rcx in its other encoding, which no assembler of Go chooses.
    other = re.sub(rb"(\x0f\x05\x48\x3d\x01\xf0\xff\xff\x76.\x48\xf7\xd8)\x48\x89\xc1", lambda found: found[1] + b"\x48\x8b\xc8",
                   code, flags=re.DOTALL)
    check.true(other != code, "the function is in the program")
    changed.write_bytes(other)
    stops(run("leak", 3, path=changed), "its system call function has another form")


@test("a Go program whose address space is limited is traced by stops, and a line says so", timeout=120)
def _():
    require("go")
    done = run("-c", 'ulimit -v 8000000; exec "$@"', "sh", go_program("planted", "nocgo"), "leak", 3, path="/bin/sh")
    stops(done, "its address space is limited (RLIMIT_AS)")


def allow_all():
    """Installs a filter of the program's own, which allows everything."""
    class Filter(ctypes.Structure):
        _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_uint16), ("filter", ctypes.POINTER(Filter))]

    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(1, ctypes.pointer(Filter(0x06, 0, 0, 0x7fff0000)))  # BPF_RET, SECCOMP_RET_ALLOW
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(program)) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


@test("a Go program with a seccomp filter of its own is traced by stops, and a line says so", timeout=120)
def _():
    require("go")
    stops(run("leak", 3, preexec=allow_all), "other seccomp(2) filters might end it")


@test("a program that isn't Go is traced by stops, and the Go programs that it executes are planted", timeout=120)
def _():
    require("go")
    done = run("-c", '"$@"; "$@"', "sh", go_program("planted", "nocgo"), "leak", 2, path="/bin/sh",
               options=["--only=planted"])
    check.equal(done.err.count(PLANTED), 2)
    check.equal([sorted((opener(group), group.count) for group in snapshot.groups) for snapshot in done.found],
                [[("makeSocket", 2), ("openFile", 2)]] * 2)


main()
