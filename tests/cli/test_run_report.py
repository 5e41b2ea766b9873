#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail run: its reports, the files that they go to, and the files that it leaves behind. test_run.py tests
how the program is run."""

import glob
import os
import re
import resource
import shutil
import signal
import socket
import stat
import tempfile
from pathlib import Path

import json_documents
from run_verb import FDTRAIL, Run
from support import (PYTHON, SOURCE, TESTS, check, compile_program, main, program, require, run_bare,
                     skip, start_traced, temp_dir, test, wait_until)

MODE = "0o700" if os.getuid() else "0o1733"
FOLDER = r"fdtrail-run\.\w+" if os.getuid() else r"fdtrail-run\.\w+/[0-9a-f]{16}"
SOCKETS = "import socket, os; s = [socket.socket() for _ in range(5)]; os._exit(0)"


def running_in(tmp):
    """The command and id of each process that has a run's folder in tmp in its environment."""
    found = {}
    for path in glob.glob("/proc/[0-9]*"):
        try:
            with open(path + "/environ", "rb") as file:
                mentions = f"FDTRAIL_OUTPUT={tmp}/".encode() in file.read()
            with open(path + "/cmdline", "rb") as file:
                command = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mentions:
            found[f"{command}{path}"] = int(path.split("/")[-1])
    return found


def line_of(path, text):
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


TEARDOWN = r"fdtrail run: {}, process \d+: nothing is left open; at most (\d+) were open at once: (\d+) by (\S+)\n"


@test("files that an atexit handler closes are reported in one line, with the line that opened them")
def _():
    run = Run(program("closes_at_exit"), "100", "exit", options=["--max-open=0"])
    told = re.fullmatch(TEARDOWN.format("closes_at_exit"), run.err)
    check.true(told, run.err)
    check.equal(told.group(1, 2), ("100", "100"))
    line = line_of(TESTS / "programs" / "closes_at_exit.c", 'open("/dev/null"')
    check.true(told[3].endswith(f"closes_at_exit.c:{line}"), told[3])
    check.equal((run.status, run.left), (0, []))


@test("sockets that Python closes when it ends are reported")
def _():
    run = Run(PYTHON, "-c", "import socket\nkept = [socket.socket() for _ in range(100)]")
    check.equal(run.status, 0)
    check.contains(run.err, ": 100 unclosed descriptors in 1 group; 3 inherited\n")
    # Since Python 3.12 a comprehension is part of its function.
    check.matches(run.err, r"100 tcp sockets in CLOSED, opened in (<listcomp>|<module>) at <string>:2\n")
    check.lacks(run.err, "nothing is left open")


@test("{} files, closed {}: nothing is left open, and nothing is printed", each=[
    (49, "exit"), (100, "midway"), (100, "serves"), (100, "fork")])
def _(count, how):
    run = Run(program("closes_at_exit"), str(count), how)
    check.equal((run.status, run.err, run.left), (0, "", []))


@test("--max-peak-group=99 and --max-peak=99 on 100 files that are closed {}: status 1, and the line", each=[
    "at exit", "midway"])
def _(when):
    for option in ("--max-peak-group=99", "--max-peak=99"):
        run = Run(program("closes_at_exit"), "100", when.split()[-1], options=[option])
        check.equal(run.status, 1, option)
        check.matches(run.err, rf"{option.replace('=', ' ')}: .*100")
        if "group" in option:
            check.matches(run.err, r"at most 100 were open at once: 100 by \S*closes_at_exit\.c:\d+\n")


@test("--max-peak-group=100 and --max-peak=100 on 100 files that are closed midway pass silently")
def _():
    run = Run(program("closes_at_exit"), "100", "midway", options=["--max-peak-group=100", "--max-peak=100"])
    check.equal((run.status, run.err, run.left), (0, "", []))


@test("a child's peak counts the descriptors that it has opened itself, not the inherited ones")
def _():
    run = Run(program("closes_at_exit"), "100", "fork", options=["--max-peak=99"])
    check.equal(run.status, 1)
    check.equal(len(re.findall("--max-peak 99: 100 were open at once", run.err)), 1, run.err)


@test("--max-peak={}% of a limit of 128 on 100 files and those inherited: status {}", each=[(75, 1), (100, 0)])
def _(percent, status):
    run = Run(program("closes_at_exit"), "100", "midway", options=[f"--max-peak={percent}%"],
              preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128)))
    check.equal(run.status, status, run.err)
    if status:
        check.matches(run.err, r"--max-peak 75%: 1\d\d of 128 were open at once")


@test("a suppressed stack is not reported for its peak, and breaks no --max-peak-group")
def _():
    path = temp_dir() / "suppressions"
    path.write_text("leak:^open_many$\n")
    run = Run(program("closes_at_exit"), "100", "exit", options=["--max-peak-group=50", f"--suppressions={path}"])
    check.equal((run.status, run.err), (0, ""))


@test("by ptrace, which sees no close, a stack's peak passes a limit or leaves it open; a process' peak is as exact")
def _():
    for options, status in ([["--max-peak-group=100", "--max-peak=100"], 0], [["--max-peak-group=99"], 125],
                            [["--max-peak=99"], 1]):
        run = Run(program("closes_at_exit"), "100", "exit", options=["--engine=ptrace", *options])
        check.equal(run.status, status, f"{options}: {run.err}")
    run = Run(program("closes_at_exit"), "100", "exit", options=["--engine=ptrace", "--max-peak-group=99"])
    check.contains(run.err, "a stack had at most 100 open at once, perhaps fewer")


@test("five sockets that one line of Python leaves open are one group")
def _():
    run = Run(PYTHON, "-c", SOCKETS)
    check.equal((run.status, run.out), (0, ""))
    check.matches(run.err, r"^python3, process \d+: 5 unclosed descriptors in 1 group")
    check.matches(run.err, r"^1\. 5 tcp sockets")
    check.equal(run.left, [])


@test("the demonstration's leaking function is named with file and line")
def _():
    run = Run(program("demo"))
    check.equal(run.status, 0)
    line = line_of(TESTS / "programs/demo.c", "int connection = socket(")
    check.matches(run.err, rf"=> #0 open_connection +\S*tests/programs/demo\.c:{line}\b")
    check.matches(run.err, r"#1 fetch_status +\S*tests/programs/demo\.c:\d+")
    check.lacks(run.err, "check_health")


@test("SIGUSR1 to fdtrail or to the program is answered at once, with functions and lines")
def _():
    script = "import socket, signal\ns = socket.socket()\nprint('ready', flush=True)\nwhile True: signal.pause()"
    run = Run(PYTHON, "-c", script, start=True)
    wait_until(lambda: "ready" in run.out)
    run.send(signal.SIGUSR1)
    wait_until(lambda: "1 tcp socket" in run.err)
    pid = int(re.search(r"process (\d+):", run.err).group(1))
    check.true(pid != run.pid, "the program has a process id of its own")
    os.kill(pid, signal.SIGUSR1)
    wait_until(lambda: "snapshot 2," in run.err)
    run.send(signal.SIGTERM)
    run.wait()
    check.equal(run.status, 128 + signal.SIGTERM)
    check.contains(run.err, "snapshot 3,")
    check.equal(len(re.findall(r"^python3, process", run.err, re.MULTILINE)), 3, "reports")
    check.equal(run.left, [])


@test("running out of descriptors is reported when it happens")
def _():
    script = """
import os, resource, time
resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
fds = []
try:
    while True: fds.append(os.open("/dev/null", os.O_RDONLY))
except OSError: pass
for fd in fds: os.close(fd)
print("closed", flush=True)
input()
"""
    read_end, write_end = os.pipe()
    run = Run(PYTHON, "-c", script, start=True, preexec=lambda: os.dup2(read_end, 0))
    wait_until(lambda: "closed" in run.out and "EMFILE" in run.err)
    check.equal(run.status, None)
    os.write(write_end, b"\n")
    os.close(read_end)
    os.close(write_end)
    run.wait()
    check.equal(len(re.findall(r"^python3, process", run.err, re.MULTILINE)), 1, "reports")


@test("every process that leaves something open is reported, and no other")
def _():
    run = Run("sh", "-c", f"{program('ends')} return; {program('ends')} none; {program('ends')} return 2; true")
    check.equal(run.status, 0)
    check.equal(re.findall(r"^ends, process \d+: (\d)", run.err, re.MULTILINE), ["1", "2"])
    check.equal(len(re.findall(r", process \d+:", run.err)), 2, "reports")
    check.contains(run.err, "\n\nends, process")
    check.equal(run.left, [])


@test("--only leaves other programs out")
def _():
    other = temp_dir() / "other"
    other.symlink_to(program("ends"))
    run = Run("sh", "-c", f"{program('ends')} return; {other} return; true", options=["--only=oth*"])
    check.equal(re.findall(r"^(\w+), process", run.err, re.MULTILINE), ["other"])


@test("a script that a shell has open does not count as a leak: {}", each=["sh", "bash"])
def _(shell):
    script = temp_dir() / "script.sh"
    script.write_text("true\n:\n")
    script.chmod(0o755)
    check.equal(Run(shell, script).err, "")
    script.write_text(f"#!{require(shell)}\ntrue\n:\n")
    check.equal(Run(script).err, "")
    check.equal(Run(script, options=["--error-exitcode=9"]).status, 0)
    link = script.with_name("command")
    link.symlink_to(script)
    check.equal(Run(link).err, "", "started through a link with another name")


@test("the script that a shell has open is not in the report of its leaks: {}", each=["sh", "bash"])
def _(shell):
    script = temp_dir() / "script.sh"
    script.write_text(f"#!{require(shell)}\nexec 7</dev/null\ntrue\n:\n")
    script.chmod(0o755)
    kept = script.with_name("snapshot")
    run = Run(script, options=["-o", kept, "--max-open=1"])
    check.equal(run.status, 0)
    report = run_bare([FDTRAIL, "report", kept])
    for text in (run.err, report.out):
        check.matches(text, rf"\A\w+, process \d+: 1 unclosed descriptor in 1 group; .*\n  look first at: 1 device, ")
        check.lacks(text, "suppressed")
        check.lacks(text, "script.sh, ")
    check.equal(run_bare([FDTRAIL, "check", "--max-open=1", kept]).status, 0)
    check.equal(run_bare([FDTRAIL, "check", "--max-open=0", kept]).status, 1)
    check.contains(run_bare([FDTRAIL, "report", "--format=json", kept]).out, "script.sh")


@test("a descriptor that a script opens itself is reported")
def _():
    script = temp_dir() / "script.sh"
    script.write_text("exec 7</dev/null\ntrue\n:\n")
    run = Run("bash", script)
    check.contains(run.err, "7 device /dev/null")


@test("--verbose says that nothing was left open, in one line")
def _():
    run = Run("true", options=["--verbose"])
    lines = [line for line in run.err.splitlines() if not line.startswith("fdtrail: FDTRAIL_")]
    check.equal(lines, ["fdtrail run: nothing was left open"])


@test("--verbose prints this line where the report goes: with --engine={}", each=["preload", "ptrace"])
def _(engine):
    path = temp_dir() / "report"
    Run("true", options=[f"--engine={engine}", "--verbose", f"--report={path}"])
    check.equal(path.read_text(), "fdtrail run: nothing was left open\n")


@test("--verbose --inherited reports inherited descriptors, though nothing was left open: with --engine={}",
      each=["preload", "ptrace"])
def _(engine):
    path = temp_dir() / "report"
    Run("true", options=[f"--engine={engine}", "--verbose", "--inherited", f"--report={path}"])
    text = path.read_text()
    check.matches(text, r"\Atrue, process \d+: nothing is unclosed; \d+ inherited\n")
    check.matches(text, r"(?m)^ +0 device /dev/null")
    check.lacks(text, "nothing was left open")


@test("a killed program could not report, and a line says so")
def _():
    run = Run("sh", "-c", "kill -KILL $$")
    check.matches(run.err, r"\Anot reported:\n  \S+, process \d+, was ended by SIGKILL before it could tell what it had open\n\Z")
    check.equal(Run("sh", "-c", "kill -TERM $$").err, "")


# Output files

@test("--report writes the report to a file, which is empty if nothing leaks")
def _():
    path = temp_dir() / "report"
    path.write_text("old")
    run = Run("true", options=[f"--report={path}"])
    check.equal((run.err, path.read_text()), ("", ""))
    run = Run(program("ends"), "return", options=[f"--report={path}"])
    check.equal((run.status, run.err), (3, ""))
    check.contains(path.read_text(), "leaks_files")
    path = path.with_name("new")
    Run("true", options=[f"--report={path}"])
    check.equal(oct(stat.S_IMODE(path.stat().st_mode)), "0o600")


@test("-o makes no file for a process that leaks nothing, by {}", each=["preload", "ptrace"])
def _(engine):
    folder = temp_dir()
    script = f"{program('ends')} none; {program('ends')} return; {program('ends')} return"
    for options, count in (([], 2), (["--kinds=tcp"], 0), (["--kinds=device"], 2)):
        run = Run("sh", "-c", script, options=[f"--engine={engine}", "-o", f"{folder}/%p", *options])
        check.equal(run.status, 3)
        files = list(folder.iterdir())
        check.equal((len(files), [file.name for file in files if file.stat().st_size == 0]), (count, []), options)
        for file in files:
            file.unlink()


@test("--report=- is standard output, and makes no file; --output=- is refused")
def _():
    folder = temp_dir()
    run = Run(program("ends"), "return", options=["--report=-"], cwd=folder)
    check.equal((run.status, run.err), (3, ""))
    check.contains(run.out, "leaks_files")
    for words in (["-o", "-"], ["--output=-"]):
        run = Run("touch", folder / "started", options=words, cwd=folder)
        check.equal(run.status, 125)
        check.matches(run.err, r"\Afdtrail run: --output=- is not accepted: .*--report=-.*\n\Z")
    run = Run("true", options=["--report=-"], preexec=lambda: os.close(1))
    check.equal((run.status, run.err), (125, "fdtrail run: can't write standard output: Bad file descriptor\n"))
    check.equal(os.listdir(folder), [])


@test("a report that can't be written is one line, before the program starts: 125")
def _():
    marker = temp_dir() / "started"
    for options in [["--report=/no/such/folder/report"], ["--output=/no/such/folder/%p"],
                    ["--output=stderr", f"--report={temp_dir()}/report"], ["--exit=0", "--max-open=1"],
                    ["--output=stderr", "--error-exitcode=1"], ["--suppressions=/no/such/file"],
                    ["--max-open=many"]]:
        run = Run("touch", marker, options=options)
        check.equal((run.status, len(run.err.splitlines())), (125, 1), options)
        check.equal(run.left, [])
    check.equal(marker.exists(), False)


@test("a full disk is one line, and the program's exit status stays")
def _():
    run = Run(program("ends"), "return", options=["--report=/dev/full"])
    check.equal(run.status, 3)
    check.contains(run.err, "No space left on device")


@test("-o keeps the snapshots, and the last line names them")
def _():
    folder = temp_dir()
    run = Run(program("ends"), "return", options=["-o", "mine.%e.%p"], cwd=folder)
    names = os.listdir(folder)
    check.equal(len(names), 1)
    check.contains(run.err, "leaks_files")
    check.equal(run.err.splitlines()[-1], f"fdtrail run: the snapshots are in {folder}/{names[0]}")
    check.contains((folder / names[0]).read_text(), "end of fdtrail snapshot, format 1")
    check.equal(run.left, [])


@test("earlier contents of the files named by -o are not reported again")
def _():
    path = temp_dir() / "all % [of] them"
    pattern = str(path).replace("%", "%%")
    for leaks in range(1, 4):
        run = Run(program("ends"), "return", leaks, options=["-o", pattern])
        check.equal(re.findall(r"^ends, process \d+: (\d)", run.err, re.MULTILINE), [str(leaks)])
    check.equal(path.read_text().count("end of fdtrail snapshot, format 1"), 3)


@test("FDTRAIL_OUTPUT in the environment has the same effect as -o")
def _():
    path = temp_dir() / "file"
    run = Run(program("ends"), "return", OUTPUT=path)
    check.equal(run.err.splitlines()[-1], f"fdtrail run: the snapshots are in {path}")


@test("--output=stderr shows the snapshots as the tracer writes them")
def _():
    run = Run(program("ends"), "return", options=["--output=stderr"])
    check.matches(run.err, r"\Afdtrail snapshot, format 1\n")
    check.matches(run.err, r"\nend of fdtrail snapshot, format 1\n\Z")


@test("the folder of a run is private, and in /tmp when LD_PRELOAD can't name TMPDIR")
def _():
    script = "import os, sys; print(os.environ['FDTRAIL_OUTPUT'], oct(os.stat(os.path.dirname(" \
             "os.environ['FDTRAIL_OUTPUT'])).st_mode & 0o7777))"
    run = Run(PYTHON, "-c", script)
    check.matches(run.out, rf"\A{run.tmp}/{FOLDER}/%p\.%n {MODE}\n\Z")
    run = Run(PYTHON, "-c", script, env={"TMPDIR": "/tmp/with a blank"})
    check.matches(run.out, rf"\A/tmp/{FOLDER}/%p\.%n {MODE}\n\Z")
    check.equal(os.path.exists(os.path.dirname(run.out.split()[0])), False)


@test("a process that runs on keeps the folder, and one line says where its snapshots go")
def _():
    def has_begun(pid):
        status = dict(re.findall(r"(\w+):\s*(\S+)", Path(f"/proc/{pid}/status").read_text()))
        return status["Name"] == "sleep" and int(status["SigCgt"], 16) >> signal.SIGUSR1 - 1 & 1

    run = Run("sh", "-c", "sleep 30 </dev/null >/dev/null 2>&1 & :")
    check.equal(run.status, 0)
    found = check.matches(run.err, r"\Afdtrail run: process (\d+) still runs; its snapshots go to (\S+): "
                          r"fdtrail report \2/\* shows them\n\Z")
    pid, folder = int(found.group(1)), found.group(2)
    check.equal(oct(stat.S_IMODE(os.stat(folder).st_mode)), MODE)
    wait_until(lambda: has_begun(pid), what="the tracer's start")
    os.kill(pid, signal.SIGUSR1)
    wait_until(lambda: any("end of fdtrail" in open(path, encoding="utf-8").read()
                           for path in glob.glob(folder + "/*")))
    os.kill(pid, signal.SIGTERM)
    # The folder is the user's from now on: a later run does not take it for a forgotten one.
    Run("true", tmp=run.tmp)
    check.true(os.path.exists(folder), "the folder is still there")


@test("a process that runs on is seen while it executes one program after another")
def _():
    # Its environment is empty in the middle of each execve(2): without a second look one run of 60 missed it.
    for _ in range(60):
        run = Run("sh", "-c", "exec 0</dev/null >/dev/null 2>&1; " + "env " * 20 + "sleep 1 & :")
        check.matches(run.err, r"\Afdtrail run: (process \d+ still runs|\d+ processes still run)")


@test("the processes that run on are counted without the tracer's helpers")
def _():
    source = temp_dir() / "helped.c"
    # A survivor with a child like a snapshot's helper: it shares the memory, has a process id of its own, and sends
    # no signal at its end.
    source.write_text("""
#define _GNU_SOURCE
#include <sched.h>
#include <unistd.h>
static char stack[1 << 16] __attribute__((aligned(16)));
static int helper(void *data)
{
	(void)data;
	pause();
	return 0;
}
int main(void)
{
	int ready[2];
	char byte;
	if (pipe(ready) < 0)
		return 1;
	if (fork() == 0) {
		int made = clone(helper, stack + sizeof(stack), CLONE_VM | CLONE_FILES, NULL);
		byte = made > 0;
		if (write(ready[1], &byte, 1) == 1)
			close(0), close(1), close(2);
		pause();
	}
	return read(ready[0], &byte, 1) == 1 && byte ? 0 : 1;
}
""")
    run = Run(compile_program(source))
    check.equal(run.status, 0)
    check.matches(run.err, r"(?m)^fdtrail run: process \d+ still runs; its snapshots go to ")


@test("the folder to which root's programs report has a name that nobody else can find out")
def _():
    if os.getuid() != 0:
        skip("needs root")
    run = Run("sleep", "60", start=True)
    wait_until(lambda: any("sleep" in path for path in running_in(run.tmp)))
    top, = run.tmp.iterdir()
    check.equal(oct(stat.S_IMODE(top.stat().st_mode)), "0o711")
    check.equal({oct(stat.S_IMODE(path.stat().st_mode)) for path in top.iterdir()}, {"0o1733", "0o600"})
    run.send(signal.SIGTERM)
    run.wait()
    check.equal(run.left, [])


@test("the folder of a killed run is removed by the next run, once none of its programs runs any more")
def _():
    first = Run("sleep", "60", start=True)
    wait_until(lambda: any("sleep" in path for path in running_in(first.tmp)))
    other = Run("sleep", "60", start=True, tmp=first.tmp)
    wait_until(lambda: len(list(first.tmp.iterdir())) == 2)
    check.equal(Run("true", tmp=first.tmp).status, 0)
    check.equal(len(list(first.tmp.iterdir())), 2, "folders of runs that live")
    programs = running_in(first.tmp)
    first.send(signal.SIGKILL)
    first.wait()
    Run("true", tmp=first.tmp)
    check.equal(len(list(first.tmp.iterdir())), 2, "folders with the one whose program lives")
    for pid in programs.values():
        os.kill(pid, signal.SIGKILL)
    other.wait()
    wait_until(lambda: not running_in(first.tmp))
    Run("true", tmp=first.tmp)
    check.equal(first.left, [])


@test("a folder that only looks like a killed run's is left alone: {}", each=(
    "a link", "no lock file", "a lock file that is a link", "another host's", "open to all", "another user's"))
def _(what):
    tmp = temp_dir()
    run = Run("sleep", "60", start=True, tmp=tmp)
    wait_until(lambda: any("sleep" in path for path in running_in(tmp)))
    real, = tmp.iterdir()
    text = (real / ".owner").read_text()
    run.send(signal.SIGTERM)
    run.wait()
    elsewhere = temp_dir()
    (elsewhere / ".owner").write_text(text)
    (elsewhere / "precious").write_text("data")
    fake = tmp / "fdtrail-run.abcdef"
    if what == "a link":
        fake.symlink_to(elsewhere)
    else:
        fake.mkdir(mode=0o700)
        (fake / "precious").write_text("data")
        if what == "a lock file that is a link":
            (fake / ".owner").symlink_to(elsewhere / ".owner")
        elif what != "no lock file":
            (fake / ".owner").write_text("elsewhere " + text if what == "another host's" else text)
    if what == "open to all":
        fake.chmod(0o777)
    elif what == "another user's":
        if os.getuid() != 0:
            skip("needs root")
        os.chown(fake, 65534, 65534)
    check.equal(Run("true", tmp=tmp).status, 0)
    check.equal((fake / "precious").read_text(), "data")


@test("Ctrl-C leaves nothing behind, neither while the program runs nor while it is reported")
def _():
    run = Run("sleep", "60", start=True)
    wait_until(lambda: run.left)
    os.killpg(run.pid, signal.SIGINT)
    run.wait()
    check.equal((run.status, run.left), (130, []))


@test("a report that nobody reads is no failure")
def _():
    read_end, write_end = os.pipe()
    os.close(read_end)
    run = Run(program("ends"), "return", preexec=lambda: os.dup2(write_end, 2))
    os.close(write_end)
    check.equal((run.status, run.left), (3, []))
    read_end, write_end = os.pipe()
    os.close(read_end)
    run = Run(program("ends"), "return", options=["--error-exitcode=9"], preexec=lambda: os.dup2(write_end, 2))
    os.close(write_end)
    check.equal(run.status, 9)


@test("a process that has changed to another user is reported")
def _():
    if os.getuid() != 0:
        skip("needs root")
    run = Run(PYTHON, "-c", "import os, socket; os.setgid(65534); os.setuid(65534)\n" + SOCKETS,
              env={"TMPDIR": "/tmp"})
    check.equal(run.status, 0)
    check.matches(run.err, r"^python3, process \d+: 5 unclosed descriptors")
    check.lacks(run.err, "permission denied")


@test("children are waited for also if SIGCHLD was ignored")
def _():
    run = Run(program("demo"), preexec=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    check.matches(run.err, r"=> #0 open_connection +\S*tests/programs/demo\.c:\d+")


@test("fdtrail run under fdtrail run is not in its own report")
def _():
    check.equal(Run(FDTRAIL, "run", "--", "true").err, "")


@test("the report is whole if the program has made stderr non-blocking")
def _():
    script = "import os, fcntl, socket; fcntl.fcntl(2, fcntl.F_SETFL, os.O_NONBLOCK); " \
             "s = [socket.socket() for _ in range(900)]; os._exit(0)"
    read_end, write_end = os.pipe()
    run = Run(PYTHON, "-c", script, options=["--show=all"], start=True, preexec=lambda: os.dup2(write_end, 2))
    os.close(write_end)
    with open(read_end, encoding="utf-8") as file:
        text = file.read()
    run.wait()
    check.equal(text.count(" tcp unbound"), 900)


@test("the report of a snapshot is one write, together with the suppressions of --gen-suppressions")
def _():
    reader, writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    script = "s = [open('/dev/null') for _ in range(200)]; import os; os._exit(0)"
    run = Run(PYTHON, "-c", script, options=["--show=all", "--gen-suppressions"],
              preexec=lambda: os.dup2(writer.fileno(), 2))
    reader.setblocking(False)
    text = reader.recv(1 << 20).decode()
    check.matches(text, r"\Apython3, process \d+: 200 unclosed")
    check.equal(text.count(" device /dev/null"), 200)
    check.contains(text, "\nsuppressions for these:\n")


@test("--show sets how many descriptors are listed")
def _():
    for options, count in [([], 5), (["--show=2"], 2), (["--show=all"], 9)]:
        run = Run(program("ends"), "return", 9, options=options)
        check.equal(len(re.findall(r"^ +\d+ device", run.err, re.MULTILINE)), count, options)


# Short-lived processes

SERVED = (r"(?m)^fdtrail run: (\d+) short-lived processes \(fork_server, 0\.\ds(?: to \d\.\ds)? each; "
          r"first process (\d+), last (\d+)\) ended with (\w+) open, and exit closed (\w+): "
          r"1 tcp socket in CLOSE_WAIT, opened in accept_one at \S*fork_server\.c:{}(.*) \(--full shows each process\)$")
SERVER = TESTS / "programs" / "fork_server.c"


@test("a server's own leak comes first, and its forked children for connections are one line, {}", each=[
    "by the preload", "by ptrace"])
def _(engine):
    engine = ["--engine=ptrace"] if "ptrace" in engine else []
    run = Run(program("fork_server"), 24, 80, options=engine)
    accepted, slowly = (line_of(SERVER, text) for text in ("= accept(", '"/dev/null"'))
    check.equal((run.status, run.left), (0, []))
    check.matches(run.err, rf"\Afork_server, process {run_program(run)}: 3 unclosed descriptors in 1 group.*\n"
                           rf"  look first at: 3 devices, opened in leaks_slowly at \S*fork_server\.c:{slowly}\n")
    line = check.matches(run.err, SERVED.format(accepted))
    check.equal(line.group(1, 4, 5, 6), ("24", "this", "it", ""))
    check.equal(run.err.count("accept_one"), 1)
    check.equal(run.err.index(line[0]) + len(line[0]) + 1, len(run.err), "it is the last line")


def run_program(run):
    """The process with which the report begins."""
    return re.match(r"\w+, process (\d+)", run.err)[1]


@test("short-lived children with other groups are a line of their own, and a single one is reported in full")
def _():
    accepted, file = line_of(SERVER, "= accept("), line_of(SERVER, '"/dev/zero"')
    run = Run(program("fork_server"), 24, 80, 8)
    lines = [found.groups() for found in re.finditer(SERVED.format(accepted), run.err)]
    check.equal([(line[0], *line[3:5]) for line in lines], [("21", "this", "it"), ("3", "these", "them")])
    check.matches(lines[1][5], rf"\A; 1 device, opened in leaves_file at \S*fork_server\.c:{file}\Z")
    run = Run(program("fork_server"), 24, 80, 24)
    check.equal([found[1] for found in re.finditer(SERVED.format(accepted), run.err)], ["23"])
    check.equal(re.findall(r"(?m)^fork_server, process \d+: (\d+) unclosed", run.err), ["3", "2"])
    check.matches(run.err, r"=> #0 leaves_file ")


@test("children that live for a quarter of their server's time or more are reported in full, after it")
def _():
    run = Run(program("fork_server"), 2, 500)
    check.lacks(run.err, "short-lived")
    check.equal(re.findall(r"(?m)^  (?:likeliest leak|look first at): 1 \w+.* in (\w+) at", run.err),
                ["leaks_slowly", "accept_one", "accept_one"])


@test("--full, --gen-suppressions and kept snapshots have each of the short-lived processes")
def _():
    for option in ("--full", "--gen-suppressions"):
        run = Run(program("fork_server"), 16, 120, options=[option])
        check.lacks(run.err, "short-lived")
        check.equal(len(re.findall(r"(?m)^fork_server, process \d+: 1 unclosed", run.err)), 16, option)
    kept = temp_dir()
    run = Run(program("fork_server"), 16, 120, options=[f"--output={kept}/%p"])
    check.matches(run.err, r"(?m)^fdtrail run: 16 short-lived processes ")
    told = run_bare([FDTRAIL, "report", "--format=json", *kept.iterdir()])
    snapshots = json_documents.every(told.out)
    lived = [found["process"].get("forked_seconds") for found in snapshots
             if any(state["state"] == "CLOSE_WAIT" for group in found["groups"] for state in group["states"])]
    check.equal((len(lived), [found for found in lived if found is None or found > 5]), (16, []))


@test("limits apply to each short-lived process, and each broken one has its line")
def _():
    run = Run(program("fork_server"), 16, 120, options=["--max-close-wait=0", "--error-exitcode=9"])
    check.equal(run.status, 9)
    broken = re.findall(r"(?m)^fdtrail run: fork_server, process (\d+): --max-close-wait 0: 1 in CLOSE_WAIT$", run.err)
    check.equal(len(set(broken)), 16)
    line = check.matches(run.err, r"(?m)^fdtrail run: 16 short-lived processes \(.* first process (\d+), last (\d+)\)")
    check.equal(line.groups(), (broken[0], broken[-1]))
    check.equal(Run(program("fork_server"), 16, 120, options=["--max-open=3"]).status, 0)


# Limits

@test("--error-exitcode without limits: anything that is left open counts")
def _():
    check.equal(Run(program("ends"), "return", options=["--error-exitcode=9"]).status, 9)
    check.equal(Run(program("ends"), "none", options=["--error-exitcode=9"]).status, 0)
    check.equal(Run("sh", "-c", "exit 5", options=["--error-exitcode=9"]).status, 5)
    check.equal(Run(program("ends"), "return", options=["--error-exitcode=0"]).status, 3)


@test("limits determine the exit status, and each broken limit has a line")
def _():
    run = Run(program("demo"), options=["--max-close-wait=8"])
    check.equal(run.status, 0)
    run = Run(program("demo"), options=["--max-close-wait=7", "--max-open=100", "--error-exitcode=77"])
    check.equal(run.status, 77)
    check.matches(run.err, r"^fdtrail run: demo, process \d+: --max-close-wait 7: 8 in CLOSE_WAIT$")
    check.lacks(run.err, "--max-open")
    check.equal(Run(program("demo"), options=["--max-open=7"]).status, 1)


@test("a program that has failed keeps its status when a limit is broken, and the line is printed: {}", each=[
    ("exit 7", 7), ("kill -TERM $$", 143), ("exit 0", 1)])
def _(end, status):
    script = f"exec 7</dev/null; {end}"
    run = Run("bash", "-c", script, options=["--max-open=0"])
    check.equal(run.status, status)
    check.matches(run.err, r"^fdtrail run: bash, process \d+: --max-open 0: 1 open$")
    check.equal(Run("bash", "-c", script, options=["--max-open=0", "--error-exitcode=9"]).status, 9)
    check.equal(Run("bash", "-c", script, options=["--max-open=0", "--error-exitcode=0"]).status,
                0 if status == 1 else status)


@test("a limit applies to each process, not to their sum")
def _():
    three = f"{program('ends')} return 2; {program('ends')} return 2; {program('ends')} return 2; true"
    check.equal(Run("sh", "-c", three, options=["--max-open=2"]).status, 0)
    check.equal(Run("sh", "-c", three, options=["--max-open=1"]).status, 1)


@test("a suppressed leak is neither reported nor counted")
def _():
    file = temp_dir() / "suppressions"
    file.write_text("# known\nleak:^leaks_files$\n")
    run = Run(program("ends"), "return", options=[f"--suppressions={file}", "--error-exitcode=9"])
    check.equal((run.status, run.err), (3, ""))
    run = Run(program("demo"), options=[f"--suppressions={file}", "--error-exitcode=9", "--print-suppressions"])
    check.equal(run.status, 9)
    check.contains(run.err, "unused")


@test("--gen-suppressions prints lines that suppress the leaks that were found")
def _():
    run = Run(program("ends"), "return", options=["--gen-suppressions"])
    lines = re.findall(r"^(?:leak:|#).*$", run.err, re.MULTILINE)
    check.true(lines, "lines are shown")
    file = temp_dir() / "suppressions"
    file.write_text("\n".join(lines) + "\n")
    check.equal(Run(program("ends"), "return", options=[f"--suppressions={file}"]).err, "")


# Programs that the preload can't trace

@test("a static program is traced by ptrace, and reported with its functions")
def _():
    path = compile_program(TESTS / "programs/ends.c", "gcc-static")
    run = Run(path, "return")
    check.equal(run.status, 3)
    check.contains(run.err, "leaks_files")
    check.equal(run.left, [])


@test("--engine=preload for a static program is one line: 125")
def _():
    path = compile_program(TESTS / "programs/ends.c", "gcc-static")
    run = Run(path, "return", options=["--engine=preload"])
    check.equal((run.status, run.out, len(run.err.splitlines())), (125, "", 1))


@test("a static program that a traced one executes is named once, with the engine that can trace it")
def _():
    path = compile_program(TESTS / "programs/ends.c", "gcc-static")
    run = Run("sh", "-c", f"{path} none; {path} none; true")
    check.equal(run.status, 0)
    check.matches(run.err, rf"\Anot traced:\n  {path} \(2 times\) was executed without the tracer \(statically linked; "
                           r"--engine=ptrace sees it\): nothing is known of it\n\Z")
    run = Run("sh", "-c", f"{path} return; true", options=["--engine=ptrace"])
    check.contains(run.err, "leaks_files")
    check.lacks(run.err, "not traced")
    check.equal(Run("sh", "-c", f"{path} none; true", options=["--only=sh"]).err, "")


@test("a static program started by {} is traced, too", each=[
    "env A=b", "env -i", "nice -n 1", "setarch -R", "setarch x86_64 -R nice env A=b", "timeout -s KILL 50"])
def _(prefix):
    path = compile_program(TESTS / "programs/ends.c", "gcc-static")
    require(prefix.split()[0])
    run = Run(*prefix.split(), path, "return")
    check.equal(run.status, 3)
    check.contains(run.err, "leaks_files")
    check.lacks(run.err, "not traced")


@test("the program that env {} starts is found as env finds it", each=[
    "-C {}", "-C{}", "--chdir={}", "-i --chdir {}", "-iC {}", "-vC{}", "--chd={}", "-C / -C {}",
    "-u test -C {}", "-C / env A=b nice env -C .{}", "-C {} env -C ."])
def _(words):
    path = Path(compile_program(TESTS / "programs/ends.c", "gcc-static"))
    run = Run("env", *words.format(path.parent.parent).split(), f"./{path.parent.name}/{path.name}", "return")
    check.equal(run.status, 3)
    check.contains(run.err, "leaks_files")
    check.lacks(run.err, "not traced")


@test("a folder that env {} is not a program, though it is called like one", each=["-C", "--chdir", "-vC"])
def _(option):
    path = compile_program(TESTS / "programs/ends.c", "gcc-static")
    folder = temp_dir()
    for name in ["test", "env"]:
        (folder / name).mkdir()
        shutil.copy(path, folder / name / "ends")
        run = Run("env", option, name, "./ends", "return", cwd=folder)
        check.equal(run.status, 3)
        check.contains(run.err, "leaks_files")
        check.lacks(run.err, "not traced")


@test("a dynamic program started by env is traced by the preload, too")
def _():
    run = Run("env", "A=b", "sh", "-c", "echo $LD_PRELOAD")
    check.contains(run.out, "libfdtrail")


@test("a Go program that a traced one executes is named, with the engine that can trace it")
def _():
    run = Run("sh", "-c", f"{require('go')} version; true")
    check.matches(run.err, r"not traced:\n  (\S*/)?go, process")
    check.contains(run.err, "was executed without the tracer (a Go program; --engine=ptrace sees it): nothing is known of it")


@test("such a program is named on stderr if snapshots go there, in a thread, vfork child or spawn")
def _():
    path = compile_program(TESTS / "programs/ends.c", "gcc-static")
    for call in ["subprocess.run([p, 'none'])", "os.posix_spawn(p, [p, 'none'], {})", "os.system(p + ' none')",
                 "subprocess.run([p, 'none'], preexec_fn=lambda: None)", "os.execv(p, [p, 'none'])",
                 "os.execvp('ends-gcc-static', [p, 'none'])"]:
        run = Run(PYTHON, "-c", f"import os, subprocess; p = {path!r}; {call}", options=["--output=stderr"],
                  env={"PATH": f"/no/such:{os.path.dirname(path)}:/usr/bin:/bin"})
        check.equal(len(re.findall(rf"executes {path}, a static program", run.err)), 1, call)


main()
