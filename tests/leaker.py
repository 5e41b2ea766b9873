# SPDX-License-Identifier: MIT
"""A program that leaks sockets when it is told to, for tests of verbs that watch."""

import subprocess

from support import PYTHON, start_traced, temp_dir, wait_until

# Leaks a socket each time it reads a line, in leak(); "exec" and "end" do what they say.
LEAKS = """
import os, socket, sys
kept, files = [], [open("/dev/null") for _ in range(5)]
def leak():
    kept.append(socket.socket())
leak()
print("ready", os.getpid(), flush=True)
for line in sys.stdin:
    if line == "exec\\n":
        os.execv(sys.executable, [sys.executable, *sys.argv])
    if line == "end\\n":
        sys.exit()
    for _ in range(int(line)):
        leak()
    print("leaked", flush=True)
"""


class Leaker:
    """A program that leaks when it is told to."""

    def __init__(self, traced=True):
        folder = temp_dir()
        self.script, self.pipe = folder / "leaks.py", folder / "commands"
        self.script.write_text(LEAKS)
        subprocess.run(["mkfifo", self.pipe], check=True)
        self.process = start_traced(["sh", "-c", f"exec {PYTHON} {self.script} <> {self.pipe}"], traced=traced)
        wait_until(lambda: "ready" in self.process.out)
        self.pid = self.process.pid
        self.told = 0

    def tell(self, line):
        with open(self.pipe, "w", encoding="ascii") as pipe:
            pipe.write(f"{line}\n")

    def leak(self, count):
        self.told += 1
        self.tell(count)
        wait_until(lambda: self.process.out.count("leaked") == self.told)
