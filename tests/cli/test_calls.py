#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The usual path of a hook makes no system call of ours: counted by strace."""

import os
import re
import subprocess
import tempfile

from support import LIBRARY, check, main, program, require, test


def counts(words, times, traced):
    """How often the program makes each system call, when it goes round so often."""
    argv = [program(words[0]), *map(program, words[1:]), str(times)]
    with tempfile.NamedTemporaryFile("r") as summary:
        strace = [require("strace"), "-c", "-U", "name,calls", "-o", summary.name]
        if traced:
            strace += ["-E", f"LD_PRELOAD={LIBRARY}", "-E", "FDTRAIL_EXIT=0"]
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("LD_", "FDTRAIL_"))}
        subprocess.run([*strace, *argv], check=True, env=environment,
                       stdin=subprocess.DEVNULL, timeout=60)
        return {name: int(calls) for name, calls in re.findall(r"^ *(\w+) +(\d+)$", summary.read(), re.MULTILINE)
                if name != "total"}


def more(words, traced):
    """What 1100 rounds make more than 100. Less than one call a round is the first look at a stack, whose
    number of pages depends on where the stack lies."""
    few, many = counts(words, 100, traced), counts(words, 1100, traced)
    return {name: calls - few.get(name, 0) for name, calls in many.items() if calls - few.get(name, 0) >= 500}


@test("socket, open, dup, pipe and close make the same system calls as without us")
def _():
    bare = more(["loops"], False)
    check.equal(bare.get("socket"), 1000)
    check.equal(more(["loops"], True), bare)


@test("so does a C++ function with something to clean up")
def _():
    bare = more(["cleanups", "libcleanups"], False)
    check.equal(bare.get("openat"), 1000)
    check.equal(more(["cleanups", "libcleanups"], True), bare)


main()
