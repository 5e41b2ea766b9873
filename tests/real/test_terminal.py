#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bash at a terminal: job control prints and does the same traced as bare."""

import re

from support import PYTHON, check, main, require, run_bare, run_traced, temp_dir, test

# Types commands into a bash with a terminal of its own, each after the one before has shown its effect, and prints
# the whole conversation.
DRIVER = r"""
import os, pty, re, select, sys

bash, *talk = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execve(bash, ["bash", "--norc", "--noprofile", "--noediting", "-i"],
              dict(os.environ, PS1="ready> ", LC_ALL="C", TERM="dumb", HISTFILE=""))
said = ""
seen = 0

def until(pattern):
    global said, seen
    while True:
        found = re.search(pattern, said[seen:], re.M)
        if found:
            seen += found.end()
            return
        if not select.select([terminal], [], [], 40)[0]:
            sys.exit(f"no {pattern!r} in {said[seen:]!r}")
        said += os.read(terminal, 4096).decode()

until("ready> ")
for type, wait in zip(talk[::2], talk[1::2]):
    os.write(terminal, type.encode().decode("unicode_escape").encode())
    until(wait)
try:
    while True:
        said += os.read(terminal, 4096).decode()
except OSError:  # EIO: the other side is closed, pty(7)
    pass
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(said, f"exit status {status}", sep="\n")
"""

# The input, and the output that shows its effect. `cat` answers once it is in the foreground.
TALKS = {
    "stops, goes on in the background, is brought back and ended": [
        (r"cat\n", "cat"), (r"one\n", r"one\s+one\s"), (r"\x1a", r"Stopped\s+cat\s+ready> "),
        (r"jobs\n", r"Stopped.*\s+ready> "), (r"fg\n", r"^cat\s"), (r"two\n", r"two\s+two\s"),
        (r"\x03", "ready> "), (r"jobs; echo $?\n", r"130\s+ready> |0\s+ready> "), (r"exit 7\n", "exit")],
    "of a pipeline stops and goes on as one": [
        (r"cat | sed -u s/a/b/ | cat\n", "cat"), (r"aaa\n", r"baa\s"), (r"\x1a", r"Stopped.*\s+ready> "),
        (r"fg\n", r"cat \| sed"), (r"xa\n", r"xb\s"), (r"\x04", "ready> "),
        (r"echo $?\n", r"^0\s+ready> "), (r"exit\n", "exit")],
    "ends in the background, and is waited for": [
        (r"(exit 3) & wait $!; echo $?\n", r"\b3\s+ready> "), (r"sleep 1000 &\n", "ready> "),
        (r"kill %1; wait %1; echo $?\n", r"143\s+(\[1\].*\s+)?ready> "), (r"set +m\n", "ready> "),
        (r"true & wait; echo done\n", r"done\s+ready> "), (r"exit 2\n", "exit")],
    "is read from process substitution, with descriptors kept open": [
        (r"exec 7< <(seq 3) 8>/dev/null\n", "ready> "), (r"read -u 7 x; read -u 7 y; echo $x-$y\n", r"1-2\s+ready> "),
        (r"exec 7<&- 8>&-; ls /proc/$$/fd | wc -l\n", r"^\d+\s+ready> "), (r"exit\n", "exit")],
}


@test("bash at a terminal: a job {}, as without the tracer", each=list(TALKS))
def _(name):
    driver = temp_dir() / "driver.py"
    driver.write_text(DRIVER, "utf-8")
    words = [PYTHON, driver, require("bash"), *(word for pair in TALKS[name] for word in pair)]
    bare, traced = run_bare(words), run_traced(words)
    said = [re.sub(r"\[(\d)\] \d+", r"[\1] PID", run.out) for run in (bare, traced)]
    check.equal((traced.status, said[1], traced.err), (bare.status, said[0], bare.err))
    check.equal(bare.status, 0)


main()
