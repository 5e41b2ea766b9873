#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Go programs under --engine=planted: what it records, in which processes, and when it leaves it to ptrace."""

import concurrent.futures
import ctypes
import itertools
import os
import re
import shutil
import signal
import socket
from pathlib import Path

import planted_storm
import snapshot_text
from go_binaries import from_npm
from planted_storm import FDTRAIL, KINDS, PLANTED, RUNS_ON, child_of, is_planted, open_now, opener, printed
from support import (GO_VARIANTS, Failed, check, go_program, main, program, ran, require, run_bare, skip, start_traced,
                     temp_dir, test, wait_until)


def run(*words, engine="planted", variant="nocgo", path=None, options=(), **arguments):
    """Runs a mode of the program under the engine; returns its Process, with its snapshots in it."""
    output = temp_dir() / "snapshot"
    arguments.setdefault("timeout", 120)
    done = run_bare([FDTRAIL, "run", f"--engine={engine}", "--show=100000", "--verbose", "--only=planted", *options, "--",
                     path or go_program("planted", variant), *words], env={"FDTRAIL_OUTPUT": str(output)}, **arguments)
    check.equal(done.status, 0, "exit status")
    done.found = snapshot_text.parse_all(output.read_text()) if output.exists() else []
    return done


def comparable(snapshot):
    """The groups without what differs from run to run."""
    return [re.sub(r"thread \d+|\bage \d+\.\d+s|ages: .*|0x[0-9a-f]+", "", group.text) for group in snapshot.groups]


@test("a leak's line and numbers are those that ptrace finds ({})", each=GO_VARIANTS, timeout=300)
def _(variant):
    require("go")
    planted, ptrace = (run("leak", 20, engine=engine, variant=variant) for engine in ("planted", "ptrace"))
    is_planted(planted)
    is_static = variant in ("nocgo", "stripped", "buildid")
    (check.contains if is_static else check.lacks)(planted.err, RUNS_ON)
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
    listed, made, _ = planted_storm.run("nocgo", 5)
    ran("descriptors", f"{listed} listed, {made} made")


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


def filter_calls(action, code_too=False):
    """Installs a filter that answers this to calls that the kernel doesn't have, as containers do; and to mprotect with
    PROT_EXEC, as some services do."""
    class Filter(ctypes.Structure):
        _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_uint16), ("filter", ctypes.POINTER(Filter))]

    lines = [(0x20, 0, 0, 0), (0x35, 0, 1, 1000), (0x06, 0, 0, action)]  # BPF_LD of the number, BPF_JGE, BPF_RET
    if code_too:
        lines += [(0x15, 0, 3, 10), (0x20, 0, 0, 32), (0x45, 0, 1, 4), (0x06, 0, 0, action)]  # BPF_JEQ, BPF_LD, BPF_JSET
    lines += [(0x06, 0, 0, 0x7fff0000)]  # SECCOMP_RET_ALLOW
    code = (Filter * len(lines))(*lines)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(Program(len(lines), code))) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


KILLS, FAILS = 0x80000000, 0x00050001  # SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO with EPERM


@test("in a sandbox that {} what planting needs, a Go program is traced by stops, and a line says so",
      each=[("kills for", KILLS), ("refuses", FAILS)], timeout=120)
def _(_name, action):
    require("go")
    stops(run("leak", 3, preexec=lambda: filter_calls(action, True)), "other seccomp(2) filters might end it")


@test("in a sandbox that {} calls which the kernel does not have, code is planted",
      each=[("kills for", KILLS), ("refuses", FAILS)], timeout=120)
def _(_name, action):
    require("go")
    done = run("rare", preexec=lambda: filter_calls(action))
    check.contains(done.err, RUNS_ON)
    check.equal(open_now(done.found[-1]), printed(done.out))


def refuse_code():
    """From now on memory that was writable can't become code, as systemd's MemoryDenyWriteExecute has it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(65, 1, 0, 0, 0) != 0:  # PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN
        os._exit(77)


@test("a Go program that may not make code is traced by stops, and a line says so", timeout=120)
def _():
    require("go")
    if run_bare(["true"], preexec=refuse_code).status == 77:
        skip("the kernel is older than Linux 6.3")
    stops(run("leak", 3, preexec=refuse_code), "memory can't be made executable here")


@test("fdtrail run plants code in a Go program by itself", timeout=120)
def _():
    require("go")
    is_planted(run("leak", 1, engine="auto"))


@test("a program that isn't Go is traced by stops, and the Go programs that it executes are planted", timeout=120)
def _():
    require("go")
    done = run("-c", '"$@"; "$@"', "sh", go_program("planted", "nocgo"), "leak", 2, path="/bin/sh",
               options=["--only=planted"])
    check.equal(done.err.count(PLANTED), 2)
    check.equal([sorted((opener(group), group.count) for group in snapshot.groups) for snapshot in done.found],
                [[("makeSocket", 2), ("openFile", 2)]] * 2)


@test("calls that planted code does not record are recorded by stops, also when signals have interrupted them ({})",
      each=["nocgo", "default"], timeout=120)
def _(variant):
    require("go")
    done = run("rare", variant=variant)
    (check.contains if variant == "nocgo" else check.lacks)(done.err, RUNS_ON)
    is_planted(done)
    check.equal(open_now(done.found[-1]), printed(done.out))
    for group in done.found[-1].groups:
        check.equal(group.kind, KINDS[opener(group)])
    (received,) = [group for group in done.found[-1].groups if opener(group) == "receive"]
    check.contains(received.text, "received over a socket")


@test("a program that then confines itself is not killed for planted code ({})", each=["nocgo", "default"], timeout=120)
def _(variant):
    require("go")
    done = run("confine", variant=variant)
    is_planted(done)
    found = open_now(done.found[-1])
    # The listening socket is main.confine's own.
    check.equal({fd: name for fd, name in found.items() if name}, printed(done.out))
    check.at_most(len(found), len(printed(done.out)) + 1)


@test("the exit status says that something is left open, also where no filter stops the exit", timeout=120)
def _():
    require("go")
    done = run_bare([FDTRAIL, "run", "--engine=planted", "--verbose", "--", go_program("planted", "nocgo"), "leak", 1],
                    env={"FDTRAIL_EXITCODE": "9", "FDTRAIL_OUTPUT": str(temp_dir() / "snapshot")})
    check.contains(done.err, RUNS_ON)
    check.equal(done.status, 9)


@test("what a program becomes is traced, too: {}", each=["C", "Go"], timeout=120)
def _(language):
    require("go")
    other = [program("ends"), "return"] if language == "C" else [go_program("planted", "nocgo"), "leak", 1]
    output = temp_dir() / "snapshot"
    done = run_bare([FDTRAIL, "run", "--engine=planted", "--verbose", "--", go_program("planted", "nocgo"), "become", *other],
                    env={"FDTRAIL_OUTPUT": str(output)})
    check.equal(done.status, 3 if language == "C" else 0)  # their own
    check.equal(done.err.count(RUNS_ON), 1 if language == "C" else 2)
    (snapshot,) = snapshot_text.parse_all(output.read_text())
    check.contains([function for group in snapshot.groups for function in group.functions],
                   "leaks_files" if language == "C" else "main.leak")


class Server:
    """planted serve under the engine."""

    def __init__(self):
        require("go")
        self.output = temp_dir() / "snapshot"
        self.run = start_traced([FDTRAIL, "run", "--engine=planted", "--verbose", "--only=planted", "--",
                                 go_program("planted", "nocgo"), "serve"], traced=False, timeout=120,
                                env={"FDTRAIL_OUTPUT": str(self.output)})
        host, port = wait_until(lambda: re.match(r"(\S+):(\d+)\n", self.run.out), 20, "an address").groups()
        self.address = (host, int(port))
        self.pid = child_of(self.run.pid)

    def tracer(self):
        return int(re.search(r"TracerPid:\s*(\d+)", Path(f"/proc/{self.pid}/status").read_text())[1])

    def ask(self, path="/"):
        """The answer to a request over a connection of its own."""
        with socket.create_connection(self.address, 60) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            answer = b""
            while some := connection.recv(65536):
                answer += some
        head, _, body = answer.partition(b"\r\n\r\n")
        check.contains(head, b" 200 OK")
        return body.decode()


@test("if fdtrail is killed in the middle of 10,000 requests, no request is lost", timeout=300)
def _():
    server = Server()
    check.contains(server.run.err, RUNS_ON)
    tracer, asked = server.tracer(), itertools.count()

    def client():
        while (number := next(asked)) < 10000:
            if number == 3000:
                os.kill(server.run.pid, signal.SIGKILL)
            if number == 6000:
                os.kill(tracer, signal.SIGKILL)
            check.equal(server.ask(), "ok")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for client in [pool.submit(client) for _ in range(8)]:
            client.result()
    check.equal(server.tracer(), 0)


@test("a program whose tracer was killed does all that it did before, and fdtrail run says what it does not know", timeout=120)
def _():
    server = Server()
    server.ask()
    check.equal(len(printed(server.ask("/rare"))), 3)
    os.kill(server.tracer(), signal.SIGKILL)
    wait_until(lambda: server.tracer() == 0, 10, "the end of the tracer")
    server.ask()
    check.equal(len(printed(server.ask("/rare"))), 3)
    try:
        server.ask("/exit")
    except (Failed, OSError):
        pass  # it ends before it answers
    check.equal(server.run.wait().status, 7)
    check.contains(server.run.err, f"planted, process {server.pid}, ended unseen by its tracer, before it could tell what it had open")


@test("all system call instructions of a static program by Go {} are known", each=["1.20 (0.17.19)", "1.23 (0.25.0)",
                                                                                   "1.25 (0.27.7)", "1.26 (0.28.2)"], timeout=300)
def _(versions):
    esbuild = from_npm("@esbuild/linux-x64", versions.split("(")[1].rstrip(")"), "bin/esbuild")
    done = run_bare([FDTRAIL, "run", "--engine=planted", "--verbose", "--", esbuild, "--version"])
    check.equal(done.status, 0)
    check.contains(done.err, f"fdtrail: esbuild{RUNS_ON}")


main()
