#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail run: the program runs as if there were nothing between it and the shell. test_run_report.py tests the
reports."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

from support import (BUILD, LIBRARY, PYTHON, TESTS, Failed, check, compile_program, leftovers, main, program,
                     require, run_bare, skip, start_traced, temp_dir, test, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"


def start_run(*command, options=(), env=None, **arguments):
    """Runs with a TMPDIR of its own, because a run that is killed in the middle leaves its folder there."""
    return start_traced([FDTRAIL, "run", *options, "--", *command], traced=False,
                        env={"TMPDIR": str(temp_dir()), **(env or {})}, **arguments)


def fdtrail_run(*command, **arguments):
    return start_run(*command, **arguments).wait()


def child_of(run):
    """The pid of the program, once it executes something other than fdtrail."""

    def look():
        for path in os.listdir("/proc"):
            if not path.isdigit():
                continue
            try:
                with open(f"/proc/{path}/stat", encoding="utf-8", errors="replace") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
                if parent == run.pid and os.readlink(f"/proc/{path}/exe") != str(FDTRAIL):
                    return int(path)
            except OSError:
                continue
        return None

    return wait_until(look, what="the program")


# Input, output and status

@test("input, output and exit status are the program's own")
def _():
    run = fdtrail_run("sh", "-c", "cat; echo error >&2; exit 7", stdin="some text\n")
    check.equal((run.out, run.err, run.status), ("some text\n", "error\n", 7))


@test("input that the program does not read is left for the next one")
def _():
    run = run_bare(["sh", "-c", f"'{FDTRAIL}' run -- true; cat"], stdin="left\n")
    check.equal(run.out, "left\n")


@test("a program that leaves nothing open is not mentioned")
def _():
    run = fdtrail_run(program("ends"), "none")
    check.equal((run.out, run.err, run.status), ("buffered\n", "", 0))


@test("the status is 128 plus the signal that ended the program: {}", each=["TERM", "KILL", "SEGV", "INT"])
def _(name):
    run = fdtrail_run("sh", "-c", f"ulimit -c 0; kill -{name} $$")
    check.equal(run.status, 128 + getattr(signal, "SIG" + name))


@test("a command that does not exist is one line and 127")
def _():
    run = fdtrail_run("fdtrail-no-such-command")
    check.equal(run.status, 127)
    check.matches(run.err, r"\Afdtrail run: fdtrail-no-such-command: No such file or directory\n\Z")


@test("an interpreter that does not exist is one line that names it, and 127")
def _():
    script = temp_dir() / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    run = fdtrail_run(script)
    check.equal(run.status, 127)
    check.matches(run.err, r"\Afdtrail run: /no/such/interpreter: [^\n]*\n\Z")


@test("a file that can't be executed, and a folder, are one line and 126")
def _():
    for path, words in [("/etc/passwd", "Permission denied"), ("/etc", "Is a directory")]:
        run = fdtrail_run(path)
        check.equal((run.status, run.err), (126, f"fdtrail run: {path}: {words}\n"))


@test("a file that looks like a program and isn't one is one line and 126")
def _():
    broken = temp_dir() / "broken"
    for text in [b"\x7fELF", b"\x7fELF" + b"\xff" * 100, open("/bin/true", "rb").read()[:70]]:
        broken.write_bytes(text)
        broken.chmod(0o755)
        run = fdtrail_run(broken)
        check.true(run.status in (125, 126), f"{run.status} is 125 or 126")
        check.equal(len(run.err.splitlines()), 1, "lines")


@test("a script without a #! line is run by the shell, as by execvp")
def _():
    script = temp_dir() / "script"
    script.write_text("echo run by a shell\n")
    script.chmod(0o755)
    check.equal(fdtrail_run(script).out, "run by a shell\n")


@test("a script's interpreter may be a script")
def _():
    folder = temp_dir()
    (folder / "inner").write_text("#!/bin/sh\necho inner \"$@\"\n")
    (folder / "outer").write_text(f"#!{folder}/inner\n")
    for name in ["inner", "outer"]:
        (folder / name).chmod(0o755)
    check.equal(fdtrail_run(folder / "outer").out, f"inner {folder}/outer\n")


@test("scripts that interpret each other without end are one line and 126")
def _():
    script = temp_dir() / "script"
    script.write_text(f"#!{script}\n")
    script.chmod(0o755)
    run = fdtrail_run(script)
    check.equal((run.status, len(run.err.splitlines())), (126, 1))


@test("without a command, with an unknown option or with a bad value nothing is started: 125")
def _():
    marker = temp_dir() / "started"
    for options in [[], ["--no-such-option"], ["--engine=magic"], ["--depth=0"], ["--signal=KILL"],
                    ["--kinds=tpc"], ["--output=/tmp/%x"], ["--exit=maybe"]]:
        run = run_bare([FDTRAIL, "run", *options, *(["touch", marker] if options else [])])
        check.equal(run.status, 125, options)
        check.contains(run.err, "fdtrail run: ")
    check.equal(marker.exists(), False)


@test("a bad value is one line that names the option and the accepted values")
def _():
    run = fdtrail_run("true", options=["--depth=0"])
    check.equal(run.err, "fdtrail run: --depth=0 is not accepted: a number of frames from 1 to 256\n")


@test("each option of the tracer has its option here, and the tracer gets its value")
def _():
    shown = run_bare([FDTRAIL, "run", "--help"]).out
    names = re.findall(r"^FDTRAIL_(\w+)=", run_bare([FDTRAIL, "options"]).out, re.MULTILINE)
    check.at_least(len(names), 13)
    for name in names:
        check.matches(shown, rf"--{name.lower().replace('_', '-')}\[?=")
    run = fdtrail_run("env", options=["--depth=7", "--emfile=0", "--only=env"], DEPTH=9)
    for line in ["FDTRAIL_DEPTH=7", "FDTRAIL_EMFILE=0", "FDTRAIL_ONLY=env"]:
        check.contains(run.out.splitlines(), line)


@test("options after the command are the command's")
def _():
    check.equal(run_bare([FDTRAIL, "run", "echo", "--depth=0", "--", "-x"]).out, "--depth=0 -- -x\n")


@test("the tracer comes before other preloaded libraries")
def _():
    run = fdtrail_run("sh", "-c", "echo $LD_PRELOAD", env={"LD_PRELOAD": "libm.so.6"})
    check.equal(run.out, f"{LIBRARY}:libm.so.6\n")
    run = fdtrail_run("sh", "-c", "echo $LD_PRELOAD", env={"LD_PRELOAD": str(LIBRARY)})
    check.equal(run.out, f"{LIBRARY}\n")


@test("the rest of the environment is unchanged")
def _():
    script = "import os; print(sorted((k, v) for k, v in os.environb.items() if k not in (b'LD_PRELOAD', b'ASAN_OPTIONS')"
    script += " and not k.startswith(b'FDTRAIL_')))"
    check.equal(fdtrail_run(PYTHON, "-c", script, env={"EMPTY": "", "ODD": "a=b\nc", "TMPDIR": "/tmp"}).out,
                run_bare([PYTHON, "-c", script], env={"EMPTY": "", "ODD": "a=b\nc", "TMPDIR": "/tmp"}).out)


@test("a program with AddressSanitizer runs, and AddressSanitizer finds its errors: {}", each=["gcc", "clang"])
def _(compiler):
    path = compile_program(TESTS / "programs/ends.c", f"{compiler}-asan")
    run = fdtrail_run(path, "return", env={"ASAN_OPTIONS": "detect_leaks=0"})
    check.equal(run.status, 3)
    check.contains(run.err, "leaks_files")
    run = fdtrail_run("sh", "-c", "echo $ASAN_OPTIONS", env={"ASAN_OPTIONS": "verify_asan_link_order=1"})
    check.equal(run.out, "verify_asan_link_order=1\n")


STATE = r"""
import os, re, signal, sys
status = open("/proc/self/status").read()
print(re.findall(r"^(?:SigBlk|SigIgn|SigPnd):.*", status, re.M))
print(sorted(int(n) for n in os.listdir("/proc/self/fd"))[:-1], os.getpgrp() == int(sys.argv[1]))
"""


@test("blocked and ignored signals and inherited descriptors are passed on to the program")
def _():
    def prepare():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGWINCH])

    read_end, write_end = os.pipe()
    arguments = {"preexec": prepare, "pass_fds": [read_end, write_end]}
    outs = []
    for words in [[], [FDTRAIL, "run", "--signal=none", "--exit=0", "--"]]:
        # The group is that of the first process of the test's own session.
        words = ["sh", "-c", 'exec "$@" $$', "sh", *words, PYTHON, "-c", STATE]
        run = run_bare(words, **arguments)
        check.equal((run.status, run.err), (0, ""))
        outs.append(run.out)
    os.close(read_end)
    os.close(write_end)
    check.contains(outs[0], "True")
    check.equal(outs[1], outs[0])


@test("closed standard descriptors stay closed: {}", each=["0", "1", "2", "012"])
def _(closed):
    marker = temp_dir() / "numbers"
    script = f"import os; open('{marker}', 'w').write(str(sorted(os.listdir('/proc/self/fd'))))"

    def close():
        for number in closed:
            os.close(int(number))

    for words in [[], [FDTRAIL, "run", "--"]]:
        run = run_bare([*words, PYTHON, "-c", script], preexec=close)
        check.equal((run.status, run.out, run.err), (0, "", ""))
        text = marker.read_text()
        if not words:
            bare = text
    check.equal(text, bare)


# Signals

HANDLES = r"""
import os, signal, sys, time
def handle(number, frame):
    os.write(1, f"got {signal.Signals(number).name}\n".encode())
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), handle)
os.write(1, b"ready\n")
while True:
    signal.pause()
"""


@test("{} to fdtrail alone reaches the program, once", each=["TERM", "HUP", "INT", "USR2", "ALRM", "CONT", "PIPE"])
def _(name):
    run = start_run(PYTHON, "-c", HANDLES, "SIG" + name, "SIGUSR1")
    wait_until(lambda: "ready" in run.out)
    run.send(getattr(signal, "SIG" + name))
    wait_until(lambda: "got" in run.out)
    run.send(signal.SIGUSR1)  # the last signal to arrive
    wait_until(lambda: "USR1" in run.out)
    check.equal(run.out, f"ready\ngot SIG{name}\ngot SIGUSR1\n")


@test("fdtrail waits for a program that is ended by a signal to fdtrail, and returns its status")
def _():
    run = start_run("sleep", "60")
    asleep = Path("/proc", str(child_of(run)), "wchan")
    wait_until(lambda: "nanosleep" in asleep.read_text("ascii"), what="sleep's sleep")
    run.send(signal.SIGTERM)
    run.wait()
    check.equal((run.status, run.out, run.err), (128 + signal.SIGTERM, "", ""))


@test("a signal that the program sends to its whole group does not come back to it")
def _():
    script = HANDLES.replace("while True:\n    signal.pause()",
                             "os.kill(0, signal.SIGTERM)\ntime.sleep(0.3)\nprint('end')")
    run = fdtrail_run(PYTHON, "-c", script, "SIGTERM")
    check.equal((run.status, run.out), (0, "ready\ngot SIGTERM\nend\n"))


@test("a value sent with a signal arrives with it")
def _():
    script = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN + 3])
print("ready", flush=True)
print(signal.sigwaitinfo([signal.SIGRTMIN + 3]).si_code)
"""
    run = start_run(PYTHON, "-c", script)
    wait_until(lambda: "ready" in run.out)
    require("kill")
    subprocess.run(["/bin/kill", "-q", "7", "-s", "RTMIN+3", str(run.pid)], check=True)
    run.wait()
    check.equal(run.out, "ready\n-1\n")  # SI_QUEUE


# Job control

class Terminal:
    """An interactive shell on a terminal of its own."""

    def __init__(self):
        self.text = ""
        folder = temp_dir()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = {"TMPDIR": str(folder), "PATH": os.environ["PATH"], "PS1": "shell> ", "TERM": "dumb", "HOME": "/"}
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], environment)
        self.line("ulimit -c 0; stty -echo; bind 'set enable-bracketed-paste off' 2>/dev/null; echo be''gin")
        self.expect("begin\r\nshell> ")

    def line(self, text):
        os.write(self.fd, text.encode() + b"\n")

    def key(self, byte):
        os.write(self.fd, byte)

    def expect(self, pattern, timeout=30):
        """Waits until the regular expression matches output that has not been looked at yet."""
        end = time.monotonic() + timeout
        while True:
            found = re.search(pattern, self.text)
            if found:
                self.text = self.text[found.end():]
                return found
            if time.monotonic() > end:
                raise Failed(f"the terminal does not show {pattern!r}, but {self.text!r}")
            if select.select([self.fd], [], [], 0.1)[0]:
                self.text += os.read(self.fd, 4096).decode(errors="replace")

    def close(self):
        self.line("exit")
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@test("Ctrl-C ends the program; the shell sees that the job was interrupted")
def _():
    terminal = Terminal()
    terminal.line(f"{FDTRAIL} run -- sh -c 'echo rea''dy; exec sleep 60'; echo status $?")
    terminal.expect("ready")
    terminal.key(b"\x03")
    # A shell that sees its child end by SIGINT drops the rest of the line.
    check.lacks(terminal.expect("(?s)(.*)shell> ").group(1), "status")
    terminal.line("echo then $?")
    terminal.expect("then 130")
    terminal.close()


@test("the program can handle Ctrl-C: it comes once, and fdtrail waits on")
def _():
    script = temp_dir() / "handles.py"
    script.write_text(HANDLES)
    terminal = Terminal()
    terminal.line(f"{FDTRAIL} run -- {PYTHON} {script} SIGINT SIGUSR1; echo status $?")
    terminal.expect("ready")
    terminal.key(b"\x03")
    terminal.expect("got SIGINT")
    terminal.key(b"\x03")
    terminal.expect("got SIGINT")
    terminal.key(b"\x1c")  # Ctrl-\
    terminal.expect("status 131")
    check.lacks(terminal.text, "got")
    terminal.close()


@test("Ctrl-Z stops the job, fg continues it, and Ctrl-C still reaches it")
def _():
    script = temp_dir() / "counts.py"
    script.write_text("""
import os, signal, time
signal.signal(signal.SIGCONT, lambda number, frame: os.write(1, b"woken\\n"))
print("ready", flush=True)
while True:
    time.sleep(0.05)
""")
    terminal = Terminal()
    terminal.line(f"{FDTRAIL} run -- {PYTHON} {script}")
    terminal.expect("ready")
    for _ in range(3):
        terminal.key(b"\x1a")
        terminal.expect("Stopped")
        terminal.line("jobs -s; echo li''sted")
        terminal.expect("Stopped.*\r\nlisted")
        terminal.line("fg")
        terminal.expect("woken")
    terminal.key(b"\x03")
    terminal.expect("shell> ")
    terminal.line("echo then $?")
    terminal.expect("then 130")
    terminal.close()


@test("a program that does not stop at Ctrl-Z keeps the terminal")
def _():
    script = temp_dir() / "stays.py"
    script.write_text("""
import os, signal, time
stays = []
signal.signal(signal.SIGTSTP, lambda number, frame: stays.append(os.write(1, b"no\\n")))
print("ready", flush=True)
# A signal just before the call that reads would be handled after it.
while not stays:
    time.sleep(0.01)
print("read:", input(), flush=True)
""")
    terminal = Terminal()
    terminal.line(f"{FDTRAIL} run -- {PYTHON} {script}; echo status $?")
    terminal.expect("ready")
    terminal.key(b"\x1a")
    terminal.expect("no")
    terminal.line("a line")
    terminal.expect("read: a line\r\n(.*\n)*status 0")
    terminal.close()


@test("a job in the background that reads the terminal stops, and goes on in the foreground")
def _():
    terminal = Terminal()
    terminal.line(f"{FDTRAIL} run -- cat &")
    terminal.line("sleep 0.2; wait %1; jobs -s; echo li''sted")
    terminal.expect("Stopped.*cat")
    terminal.line("fg")
    terminal.expect("cat")
    terminal.line("hello cat")
    terminal.expect("hello cat")
    terminal.key(b"\x04")
    terminal.expect("shell> ")
    terminal.line("echo then $?")
    terminal.expect("then 0")
    terminal.close()


# The place of the tracer

@test("a path with a blank and a colon, which LD_PRELOAD can't hold, works")
def _():
    folder = temp_dir() / "a b:c"
    (folder / "tools").mkdir(parents=True)
    (folder / "preload").mkdir()
    shutil.copy(FDTRAIL, folder / "tools")
    shutil.copy(LIBRARY, folder / "preload")
    run = run_bare([folder / "tools" / "fdtrail", "run", "--verbose", "--", program("ends"), "return"])
    check.equal(run.status, 3)
    check.contains(run.err, "leaks_files")
    check.lacks(run.err, "ERROR: ld.so")


@test("if the tracer is missing, one line says so: 125")
def _():
    folder = temp_dir()
    shutil.copy(FDTRAIL, folder)
    run = run_bare([folder / "fdtrail", "run", "--", "true"])
    check.equal((run.status, len(run.err.splitlines())), (125, 1))
    check.contains(run.err, "libfdtrail.so")


# Programs that can't be traced

@test("a 32-bit program is one line: 125, and is not started")
def _():
    path = compile_program(TESTS / "programs" / "ends.c", "gcc-m32")
    run = fdtrail_run(path, "return")
    check.equal((run.status, run.out), (125, ""))
    check.matches(run.err, r"\Afdtrail run: \S*ends-gcc-m32 is a 32-bit program: [^\n]*\n\Z")


@test("a program for another processor is one line: 125")
def _():
    other = bytearray(open("/bin/true", "rb").read())
    other[18:20] = b"\xf3\x00"  # e_machine: EM_RISCV
    path = temp_dir() / "riscv"
    path.write_bytes(other)
    path.chmod(0o755)
    run = fdtrail_run(path)
    check.equal(run.status, 125)
    check.matches(run.err, r"\Afdtrail run: \S*riscv is a program for another processor[^\n]*\n\Z")


@test("a setuid program of another user runs untraced, and one line says so")
def _():
    if os.getuid() != 0:
        skip("only root can make a setuid program of another user")
    path = temp_dir() / "setuid"
    shutil.copy("/bin/true", path)
    os.chown(path, 65534, 65534)
    path.chmod(0o4755)
    run = fdtrail_run(path)
    check.equal(run.status, 0)
    check.matches(run.err, r"\Afdtrail run: \S*setuid has more rights than you \(set-user-ID\): it runs untraced[^\n]*\n\Z")


@test("a name cannot drive the terminal")
def _():
    run = fdtrail_run("\x1b[2J\n")
    check.equal((run.status, len(run.err.splitlines())), (127, 1))
    check.lacks(run.err, "\x1b")


main()
