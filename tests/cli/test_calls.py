#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The usual path of a hook makes no system call of fdtrail's, and a snapshot makes few: strace counts them."""

import os
import re
import subprocess
import tempfile

from support import LIBRARY, check, main, program, require, run_traced, skip, temp_dir, test


def counts(words, times, traced, options=("FDTRAIL_EXIT=0",)):
    """How often the program and its children make each system call in this many rounds."""
    argv = [program(words[0]), *map(program, words[1:]), str(times)]
    with tempfile.NamedTemporaryFile("r") as summary:
        strace = [require("strace"), "-f", "-c", "-U", "name,calls", "-o", summary.name]
        if traced:
            strace += [word for option in (f"LD_PRELOAD={LIBRARY}", *options) for word in ("-E", option)]
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("LD_", "FDTRAIL_"))}
        subprocess.run([*strace, *argv], check=True, env=environment,
                       stdin=subprocess.DEVNULL, timeout=60)
        return {name: int(calls) for name, calls in re.findall(r"^ *(\w+) +(\d+)$", summary.read(), re.MULTILINE)
                if name != "total"}


def more(words, traced):
    """How many more calls 1100 rounds make than 100. Less than one call in two rounds does not count: the first
walk of a stack makes some, and their number depends on where the stack lies."""
    few, many = counts(words, 100, traced), counts(words, 1100, traced)
    return {name: calls - few.get(name, 0) for name, calls in many.items() if calls - few.get(name, 0) >= 500}


@test("socket, open, dup, pipe and close make the same system calls as without fdtrail")
def _():
    bare = more(["loops"], False)
    check.equal(bare.get("socket"), 1000)
    check.equal(more(["loops"], True), bare)


@test("so does a C++ function with something to clean up")
def _():
    bare = more(["cleanups", "libcleanups"], False)
    check.equal(bare.get("openat"), 1000)
    check.equal(more(["cleanups", "libcleanups"], True), bare)


@test("a snapshot makes six system calls for each TCP connection while the program stands still")
def _():
    def made(times):
        return counts(["crowd"], times, True, [f"FDTRAIL_OUTPUT={temp_dir() / 'snapshot'}"])

    few, many = made(20), made(120)
    ends = 200
    asked = {name: (many[name] - few.get(name, 0)) / ends
             for name in ("fcntl", "statx", "getsockopt", "getsockname", "getpeername", "ioctl")
             if many.get(name, 0) - few.get(name, 0) >= ends / 2}
    # The table has room for more numbers than are open, and F_GETFD is called once for each.
    room = asked.pop("fcntl")
    check.at_most(room, 2)
    check.equal(asked, {"getsockopt": 2, "getsockname": 1, "getpeername": 1, "ioctl": 1})


@test("with {} a snapshot of thousands of descriptors is taken by {}", each=[("one processor", "one process", 1),
                                                           ("two processors", "two processes", 2)])
def _(_processors, _processes, number):
    processors = sorted(os.sched_getaffinity(0))[:number]
    if len(processors) < number:
        skip("there is one processor")
    trace = temp_dir() / "trace"
    run = run_traced([require("strace"), "-f", "-o", trace, "-e", "trace=clone", "--", program("crowd"), "1200"],
                     preexec=lambda: os.sched_setaffinity(0, processors), ONLY="crowd", engine="preload")
    check.equal(trace.read_text().count(" clone("), number)
    found, = run.all_snapshots
    check.equal([len(group.descriptors) for group in found.groups], [1200, 1200, 1])
    lines = [line for line in found.text.splitlines() if ", ESTABLISHED, idle " in line]
    check.equal(len(set(lines)), 2400)
    check.true(all(" -> " in line and ", age " in line for line in lines), "each has its peer and its age")


main()
