#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the verbs of the command have in common."""

import os
import socket

from run_verb import FDTRAIL
from support import PYTHON, check, main, run_bare, run_traced, start_traced, temp_dir, test, wait_until

LEAK = "import os, time; kept = [open('/dev/null') for _ in range({})]; print('up', flush=True); {}"


def leak(count):
    """A file with the snapshot of a process that has left count files open."""
    run = run_traced([PYTHON, "-c", LEAK.format(count, "os._exit(0)")], SHOW="all")
    return next(run.dir.glob("report.*"))


@test("a mistyped verb is one line, with its nearest neighbour: {}", each=[
    (["snapshto"], "there is no verb 'snapshto'; did you mean 'snapshot'? `fdtrail help` lists them"),
    (["help", "chek"], "there is no verb 'chek'; did you mean 'check'? `fdtrail help` lists them"),
    (["xyzzyxyzzy"], "there is no verb 'xyzzyxyzzy'; `fdtrail help` lists them")])
def _(words, line):
    run = run_bare([FDTRAIL, *words])
    check.equal((run.status, run.out, run.err), (2, "", f"fdtrail: {line}\n"))


@test("an answer on standard output is one write: {}", each=["report", "check", "diff", "snapshot"])
def _(verb):
    reader, writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if verb == "snapshot":
        program = start_traced([PYTHON, "-c", LEAK.format(300, "time.sleep(60)")])
        wait_until(lambda: "up" in program.out)
        words = ["--show=all", program.pid]
    elif verb == "diff":
        words = ["--format=json", leak(1), leak(300)]
    elif verb == "check":
        words = ["--show=all", "--max-open=0", leak(300)]
    else:
        words = ["--show=all", leak(300)]
    run_bare([FDTRAIL, verb, *words], preexec=lambda: os.dup2(writer.fileno(), 1))
    reader.setblocking(False)
    text = reader.recv(1 << 20)
    check.at_least(len(text), 4097, "bytes of the answer")
    writer.close()
    check.equal(reader.recv(1 << 20), b"", "the rest")


main()
