#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail attach: a program that runs already is recorded from then on, and doesn't notice. If it can't be, it goes
on as it was, and one line says why."""

import os
import re
import signal
import subprocess
import time

import snapshot_text
from support import (BUILD, PYTHON, check, compile_program, main, program, ran, run_bare, start_traced, temp_dir,
                     test, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"


def fdtrail(verb, *arguments, **options):
    return run_bare([FDTRAIL, verb, *arguments], **options)


def start(argv, ready="ready\n", **options):
    """Starts a program without the tracer, and waits until it says that it is ready."""
    started = start_traced(argv, traced=False, **options)
    wait_until(lambda: ready in started.out, what="the program's readiness")
    return started


class Server:
    """The program attached.c."""

    def __init__(self, threads=4, variant="gcc", **options):
        self.go = temp_dir() / "go"
        self.process = start([program("attached", variant), threads, self.go], **options)
        self.pid = str(self.process.pid)

    def leak(self):
        self.go.touch()
        wait_until(lambda: "leaked\n" in self.process.out, what="the leaks")

    def snapshot(self, *arguments):
        asked = fdtrail("snapshot", "--raw", *arguments, self.pid)
        check.equal((asked.status, asked.err), (0, ""))
        found = snapshot_text.parse_all(asked.out)
        check.equal(len(found), 1, "whole snapshots")
        return found[0]


def attach(pid, *arguments):
    asked = fdtrail("attach", "--background", *arguments, str(pid))
    check.equal(asked.status, 0, asked.err)
    check.matches(asked.err, r"^fdtrail: attached to \S+, process %s \(\d+ threads?, one paused for [\d.]+ ms\); "
                             r"\d+ descriptors? (was|were) open before$" % pid)
    return asked


def detach(pid):
    asked = fdtrail("detach", str(pid))
    check.equal(asked.status, 0, asked.err)
    check.matches(asked.err, rf"^fdtrail: detached from \S+, process {pid} \(paused for [\d.]+ ms\)$")


def state(pid):
    """Everything of a process that an attach could leave behind: descriptors, handlers, tracer, threads."""
    status = open(f"/proc/{pid}/status").read()
    facts = re.findall(r"^((?:Sig|Shd|State|TracerPid|Threads|Seccomp).*)$", status, re.MULTILINE)
    facts = [fact for fact in facts if not fact.startswith("SigQ")]
    facts = [re.sub(r"^State:\s+[RS].*", "State: lives", fact) for fact in facts]
    return facts, sorted((fd, os.readlink(f"/proc/{pid}/fd/{fd}")) for fd in os.listdir(f"/proc/{pid}/fd"))


@test("a program that runs is attached to, its leak is named, and it is detached from, built {}",
      each=["gcc", "clang-nopie", "gcc-stripped", "gcc-fp"])
def _(variant):
    server = Server(variant=variant)
    before = state(server.pid)
    attach(server.pid)
    server.leak()
    check.lacks(server.process.out, "EINTR")
    taken = server.snapshot()  # its signal may end a poll, as under `fdtrail run`
    interrupted = server.process.out.count("EINTR")
    check.equal(sum(group.count for group in taken.groups), 10, "descriptors")  # a compiler may unroll the loop
    for group in taken.groups:
        check.true("stripped" in variant or group.functions[0] == "leaks_a_socket", group.functions[0])
    detach(server.pid)
    leaked = {fd for fd, link in state(server.pid)[1]} - {fd for fd, link in before[1]}
    check.equal(len(leaked), 10, "descriptors that are new")
    check.equal(state(server.pid)[0], before[0], "the process' state")
    check.equal(server.process.out.count("EINTR"), interrupted, "calls that ended with EINTR")


main()
