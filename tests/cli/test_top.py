#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail top: what processes have open, as it changes; on a terminal (tmux), and as text for logs."""

import re
import subprocess

from leaker import LEAKS, Leaker
from run_verb import FDTRAIL
from support import PYTHON, Failed, check, main, require, run_bare, start_traced, temp_dir, test, wait_until

UTF8 = {"LC_ALL": "C.UTF-8", "TERM": "screen"}

class Terminal:
    """A terminal of tmux in which a shell runs a command, then prints the command's exit status and waits."""

    def __init__(self, *words, columns=80, lines=24, env=None):
        self.tmux = [require("tmux"), "-S", str(temp_dir() / "socket"), "-f", "/dev/null"]
        self.env = {**UTF8, **(env or {})}
        script = 'stty -a >"$0.before"; "$@"; echo "status $?"; stty -a >"$0.after"; echo restored; sleep 1000'
        self.modes = temp_dir() / "stty"
        settings = [f"{name}={value}" for name, value in self.env.items()]
        self.server = start_traced(
            [*self.tmux, "-u", "new-session", "-d", "-x", columns, "-y", lines, "env", *settings, "sh", "-c", script,
             self.modes, *words], traced=False, env=UTF8)
        check.equal(self.server.wait().status, 0)

    def do(self, *words):
        return subprocess.run([*self.tmux, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True).stdout

    @property
    def screen(self):
        return self.do("capture-pane", "-p")

    def keys(self, *keys):
        self.do("send-keys", *keys)

    def until(self, pattern):
        """Waits for the pattern on the screen, and returns the screen."""
        screen = ""

        def there():
            nonlocal screen
            screen = self.screen
            return re.search(pattern, screen, re.MULTILINE)

        try:
            wait_until(there)
        except Failed:
            check.matches(screen, pattern, "the screen")
        return screen

    def pid_of_top(self):
        shell = self.do("display-message", "-p", "#{pane_pid}").strip()
        return int(subprocess.run(["pgrep", "-P", shell], check=True, stdout=subprocess.PIPE, text=True).stdout)

    def restored(self, status):
        """The command has ended with this status, and has left the terminal as it was."""
        screen = self.until("^restored$")
        check.contains(screen, f"status {status}\n")
        check.lacks(screen, "COUNT")
        check.equal(*(self.modes.with_name(f"stty.{when}").read_text() for when in ("before", "after")))


def top(*words, **options):
    return run_bare([FDTRAIL, "top", *words], env=UTF8, **options)


@test("--once writes a table of what is open, with the line that opened it")
def _():
    leaker = Leaker()
    leaker.leak(3)
    run = top("--once", leaker.pid)
    check.equal((run.status, run.err), (0, ""))
    lines = run.out.splitlines()
    check.matches(lines[0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    check.matches(lines[1], rf"^python3, process {leaker.pid}: \d+ of \d+ open$")
    check.equal(lines[2].split(), ["COUNT", "CHANGE", "RATE", "HISTORY", "AGE", "WHAT", "WHERE"])
    check.matches(run.out, r"^ +4 +- +- +▁ +\d\S*s tcp CLOSED +leak at \S*leaks\.py:5$")
    check.matches(run.out, r"^ +5 +- .* device +<\w+> at \S*leaks\.py:3$")


@test("--plain writes a table for each snapshot, with growth, rate and history; of {} process", each=["a traced", "an untraced"])
def _(which):
    leaker = Leaker(traced=which == "a traced")
    started = start_traced([FDTRAIL, "top", "--plain", "--count=3", "--interval=1", leaker.pid], traced=False, env=UTF8)
    wait_until(lambda: "tcp" in started.out)
    leaker.leak(7)
    started.wait()
    check.equal((started.status, started.err), (0, ""))
    tables = started.out.split("\n\n")
    check.equal(len(tables), 3)
    place = r"leak at \S*leaks\.py:5" if which == "a traced" else "opener unknown"
    check.matches(tables[2], rf"^ +8 +\+7 +\+\d+(\.\d)?/s +▁.?█ +\S+ tcp CLOSED +{place}$")
    check.matches(tables[2], r": \d+ of \d+ open, \+7 in \d\.\d+s" + ("" if which == "a traced" else ", not traced") + "$")
    check.true(re.search(r"^ +8 ", tables[2].split("WHERE\n")[1], re.MULTILINE).start() == 0, "the grown row is the first one")


@test("several processes have a column for their ids; one that does not exist is a line, and status 2")
def _():
    leakers = [Leaker(), Leaker()]
    run = top("--once", *(leaker.pid for leaker in leakers))
    check.equal((run.status, run.err), (0, ""))
    for leaker in leakers:
        check.matches(run.out, rf"^ +{leaker.pid} +1 .* tcp CLOSED +leak at ")
    run = top("--once", leakers[0].pid, 2**22 + 1)
    check.equal((run.status, run.err), (2, f"fdtrail top: there is no process {2**22 + 1}\n"))
    check.contains(run.out, f"process {2**22 + 1}: can't be read\n")


@test("--sort, --kinds and --outside do as for other verbs")
def _():
    leaker = Leaker()
    check.matches(top("--once", "--sort=count", leaker.pid).out, r"WHERE\n +5 .* device ")
    check.matches(top("--once", "--sort=state", leaker.pid).out, r"WHERE\n +1 .* tcp CLOSED ")
    check.lacks(top("--once", "--kinds=tcp", leaker.pid).out, "device")
    check.contains(top("--once", "--outside", leaker.pid).out, "opener unknown")
    refused = top("--sort=size", leaker.pid)
    check.equal((refused.status, refused.err), (2, "fdtrail top: --sort=size is not accepted: growth, count, rate, age, "
                                                   "state or place\n"))


@test("without a terminal one line says what to use")
def _():
    leaker = Leaker()
    run = top(leaker.pid)
    check.equal((run.status, run.out, run.err), (2, "", "fdtrail top: this is not a terminal: use --plain or --once\n"))
    terminal = Terminal(FDTRAIL, "top", leaker.pid, env={"TERM": "no-such-terminal"})
    check.contains(terminal.until("^restored$"), "can't draw on this terminal (TERM=no-such-terminal): use --plain\nstatus 2\n")


@test("on a terminal of 80x24: the table follows the program, Enter shows the stack, q restores the terminal")
def _():
    leaker = Leaker()
    terminal = Terminal(FDTRAIL, "top", "--interval=0.2", leaker.pid)
    screen = terminal.until(r"leaks\.py:5$")
    check.matches(screen, r"^ COUNT  CHANGE      RATE  HISTORY    AGE WHAT            WHERE$")
    check.matches(screen, r"^Enter stack .* q quit$")
    leaker.leak(20)
    terminal.until(r"^ +21 +\+20 .*█ .* tcp CLOSED +\S*leaks\.py:5$")
    check.matches(terminal.screen, rf"^python3, process {leaker.pid}: \d+ of \d+ open, \+20 in ")
    terminal.keys("Enter")
    screen = terminal.until(r"opened at \(20 of 21\):")
    check.contains(screen, "21 tcp sockets in CLOSED, opened in leak at")
    check.matches(screen, r"^ +=> #\d+ +leak ")
    leaker.leak(1)
    terminal.until("22 tcp sockets")
    terminal.keys("Escape")
    terminal.until("WHERE")
    terminal.keys("q")
    terminal.restored(0)


@test("keys sort, move, and pause; a selected row stays selected")
def _():
    leaker = Leaker()
    terminal = Terminal(FDTRAIL, "top", "--interval=0.2", leaker.pid)
    terminal.until(r"leaks\.py:5$")
    for key, order in (("c", "count"), ("r", "rate"), ("a", "age"), ("s", "state"), ("w", "place"), ("g", "growth")):
        terminal.keys(key)
        terminal.until(f"  by {order}$")
    terminal.keys("c", "Home", "Enter")
    terminal.until("5 devices")
    terminal.keys("Escape")
    terminal.until("WHERE")
    leaker.leak(30)
    terminal.until(r"WHERE\n +31 .*\n +5 ")
    terminal.keys("Enter")
    terminal.until("5 devices")
    terminal.keys("Escape", "p")
    terminal.until("PAUSED")
    leaker.leak(1)
    terminal.keys("Down", "Up", "End", "Home", "PPage", "NPage")
    check.matches(terminal.screen, r"^ +31 ")
    terminal.keys("p")
    terminal.until(r"^ +32 ")
    terminal.keys("q")
    terminal.restored(0)


@test("the screen follows the terminal's size")
def _():
    leaker = Leaker()
    terminal = Terminal(FDTRAIL, "top", "--interval=0.2", leaker.pid)
    terminal.until(r"leaks\.py:5$")
    for columns, lines in ((40, 8), (20, 5), (132, 50), (1, 1), (80, 24)):
        terminal.do("resize-window", "-x", columns, "-y", lines)
        if lines > 5:
            wait_until(lambda lines=lines: terminal.screen.rstrip("\n").count("\n") == lines - 1, what="a screen that is full")
            terminal.until(r"COUNT")
    terminal.until(r" WHERE$")
    terminal.until(r"^Enter stack .* q quit$")
    terminal.keys("q")
    terminal.restored(0)


@test("SIG{} ends it, with the signal's status and a terminal as before", each=["TERM", "INT", "HUP", "QUIT"])
def _(name):
    leaker = Leaker()
    terminal = Terminal(FDTRAIL, "top", "--interval=0.2", leaker.pid)
    terminal.until(r"leaks\.py:5$")
    subprocess.run(["kill", f"-{name}", str(terminal.pid_of_top())], check=True)
    terminal.restored(128 + {"TERM": 15, "INT": 2, "HUP": 1, "QUIT": 3}[name])


@test("a process that executes begins anew, and one that ends stays on the screen")
def _():
    leaker = Leaker()
    terminal = Terminal(FDTRAIL, "top", "--interval=0.2", leaker.pid)
    leaker.leak(9)
    terminal.until(r"^ +10 ")
    leaker.tell("exec")
    screen = terminal.until(r"; executed at \d\d:\d\d:\d\d$")
    terminal.until(r"^ +1 +\S+ .* tcp CLOSED +\S*leaks\.py:5$")
    check.lacks(screen, "+9")
    leaker.tell("end")
    screen = terminal.until(rf"process {leaker.pid}: ended; it had \d+ of \d+ open")
    check.contains(screen, "leaks.py:5")
    terminal.keys("q")
    terminal.restored(0)


@test("a process that is started again is followed")
def _():
    folder = temp_dir()
    script, pipe = folder / "leaks.py", folder / "commands"
    script.write_text(LEAKS)
    subprocess.run(["mkfifo", pipe], check=True)
    loop = start_traced(["sh", "-c", f"while :; do {PYTHON} {script} <> {pipe}; done"])
    wait_until(lambda: "ready" in loop.out)
    first = int(re.findall(r"ready (\d+)", loop.out)[0])
    terminal = Terminal(FDTRAIL, "top", "--interval=0.2", first)
    terminal.until(r"leaks\.py:5$")
    pipe.write_text("end\n")
    wait_until(lambda: loop.out.count("ready") == 2)
    second = int(re.findall(r"ready (\d+)", loop.out)[1])
    screen = terminal.until(rf"^python3, process {second}: .*; restarted at")
    check.contains(re.sub(r"\s+", " ", screen), "restarted at")
    terminal.keys("q")
    terminal.restored(0)


main()
