#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command's verbs under valgrind: no byte is read that was not written, and none beyond a buffer's end."""

import re
import subprocess

from support import BUILD, check, main, program, ran, require, run_traced, skip, temp_dir, test

FDTRAIL = BUILD / "tools" / "fdtrail"


@test("valgrind finds no error in fdtrail {}", timeout=300, each=[
    "report FILE", "report --format=json FILE", "report --format=folded FILE", "report --format=prometheus FILE",
    "report --format=html FILE", "diff FILE FILE", "check FILE", "run -- PROGRAM return", "options", "help", "version"])
def _(line):
    snapshot = temp_dir() / "snapshot"
    check.equal(run_traced([program("demo")], OUTPUT=snapshot, timeout=60).status, 0)
    words = [{"FILE": str(snapshot), "PROGRAM": program("ends")}.get(word, word) for word in line.split()]
    done = subprocess.run([require("valgrind"), "-q", "--error-exitcode=99", "--leak-check=no", FDTRAIL, *words],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=280, check=False)
    if "unimplemented fcntl command: 1033" in done.stdout:
        skip("this valgrind doesn't know F_ADD_SEALS, so fdtrail can't share memory with the program")
    check.true(done.returncode != 99 and not re.search(r"==\d+==", done.stdout), done.stdout[-3000:])
    check.true(done.stdout, "it has said something")
    ran("valgrind", f"fdtrail {line}: no error")


main()
