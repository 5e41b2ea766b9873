#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The usual path of a hook makes no system call of ours: counted by strace."""

import os
import re
import subprocess
import tempfile

from support import LIBRARY, check, main, program, require, test


def counts(times, traced):
    """How often the program makes each system call, when it goes round so often."""
    with tempfile.NamedTemporaryFile("r") as summary:
        words = [require("strace"), "-c", "-U", "name,calls", "-o", summary.name]
        if traced:
            words += ["-E", f"LD_PRELOAD={LIBRARY}"]
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("LD_", "FDTRAIL_"))}
        subprocess.run([*words, program("loops"), str(times)], check=True, env=environment,
                       stdin=subprocess.DEVNULL, timeout=60)
        return {name: int(calls) for name, calls in re.findall(r"^ *(\w+) +(\d+)$", summary.read(), re.MULTILINE)
                if name != "total"}


def more(traced):
    """What 1100 rounds make more than 100. Less than one call a round is the first look at a stack, whose
    number of pages depends on where the stack lies."""
    few, many = counts(100, traced), counts(1100, traced)
    return {name: calls - few.get(name, 0) for name, calls in many.items() if calls - few.get(name, 0) >= 500}


@test("socket, open, dup, pipe and close make the same system calls as without us")
def _():
    bare = more(False)
    check.equal(bare.get("socket"), 1000)
    check.equal(more(True), bare)


main()
