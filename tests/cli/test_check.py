#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail check: limits for CI, on snapshots and on running processes, with suppressions."""

import os
import re
import socket

from support import (BUILD, PYTHON, check, main, program, run_bare, run_traced, start_traced, temp_dir, test,
                     wait_until)

FDTRAIL = str(BUILD / "tools" / "fdtrail")
KEPT, BROKEN, UNTOLD = 0, 1, 2

# Three connections that the peer has closed and the program keeps.
CLOSE_WAIT = """
import socket, sys, time
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen(9)
kept = []
for _ in range(3):
    client = socket.socket(); client.connect(listener.getsockname())
    kept.append(listener.accept()[0]); client.close()
open(sys.argv[1], "w").close()
time.sleep(60)
"""


def fdtrail_check(*words, **arguments):
    return run_bare([FDTRAIL, "check", *words], **arguments)


def two_snapshots(**options):
    """Files with the snapshots at SIGUSR1 and at exit of a program in which leak_sockets grows from 3 to 6."""
    run = run_traced([program("grows")], **options)
    check.equal(len(run.snapshots), 2, "snapshots")
    folder = temp_dir()
    for name, snapshot in zip(["old", "new"], run.snapshots):
        (folder / name).write_text(snapshot.text)
    return str(folder / "old"), str(folder / "new")


def suppressions(text):
    path = temp_dir() / "suppressions"
    path.write_text(text)
    return f"--suppressions={path}"


def server(start):
    """A process with three sockets in CLOSE_WAIT, started by start."""
    ready = temp_dir() / "ready"
    process = start([PYTHON, "-c", CLOSE_WAIT, str(ready)])
    wait_until(ready.exists)
    return process


def peak_snapshot(*words, **options):
    """A file with the snapshot at exit of 100 files that are closed by then."""
    run = run_traced([program("closes_at_exit"), "100", *words], **options)
    path = temp_dir() / "snapshot"
    path.write_text(run.last.text)
    return str(path), run.last


@test("--max-peak-group {} on 100 files that an atexit handler has closed: status {}", each=[
    (99, BROKEN), (100, KEPT)])
def _(limit, status):
    path, _ = peak_snapshot("exit")
    run = fdtrail_check(f"--max-peak-group={limit}", path)
    check.equal(run.status, status, run.out)
    if status == BROKEN:
        check.matches(run.out, r"100 by \S*closes_at_exit\.c:\d+, after \S+, 100 of them until the end\n")
    else:
        check.contains(run.out, "all limits are kept")


@test("a snapshot lists peaks from 50 on, or all; a lower limit neither passes nor is broken")
def _():
    path, snapshot = peak_snapshot("midway", VERBOSE="1")
    check.equal([(peak.count, "open_many" in peak.functions) for peak in snapshot.peaks], [(100, True)])
    check.matches(snapshot.fields["peaks"], r"1 listed; \d+ more stacks?, at most 1 open at once")
    check.equal(fdtrail_check("--max-peak-group=0", suppressions("leak:^open_many$"), path).status, UNTOLD)
    path, snapshot = peak_snapshot("midway", PEAKS="1")
    check.true("peaks" not in snapshot.fields, snapshot.text)
    check.equal(fdtrail_check("--max-peak-group=0", suppressions("leak:^open_many$"), path).status, BROKEN)


@test("--max-peak={} is refused", each=["", "x", "5%%", "-1", "5 %"])
def _(value):
    run = fdtrail_check(f"--max-peak={value}", "/dev/null")
    check.equal(run.status, UNTOLD)
    check.contains(run.err, "is not accepted: a number from 0, or N%")


@test("--max-peak on an untraced process: the snapshot has no peak")
def _():
    process = server(lambda argv: start_traced(argv, traced=False))
    run = fdtrail_check("--max-peak=1000", f"--pid={process.pid}")
    check.equal(run.status, UNTOLD, run.out + run.err)
    check.contains(run.out, "does not say how many were open at once: the process was not traced")


@test("--max-open {} on 10 unclosed descriptors: status {}", each=[(9, BROKEN), (10, KEPT)])
def _(limit, status):
    _, new = two_snapshots()
    run = fdtrail_check(f"--max-open={limit}", new)
    check.equal(run.status, status)
    check.equal(run.err, "")
    check.contains(run.out, "--max-open 9: 10 open" if status else "all limits are kept")


@test("--max-group {} where one stack opened 6: status {}", each=[(5, BROKEN), (6, KEPT)])
def _(limit, status):
    _, new = two_snapshots()
    run = fdtrail_check(f"--max-group={limit}", new)
    check.equal(run.status, status)
    if status == BROKEN:
        check.contains(run.out, "--max-group 5: 1 group has more, up to 6")
        check.contains(run.out, "6 tcp sockets in CLOSED, opened in leak_sockets at ")
        check.lacks(run.out, "open_files")


@test("--max-growth {} between two files in which one stack grew by 3: status {}", each=[(2, BROKEN), (3, KEPT)])
def _(limit, status):
    run = fdtrail_check(f"--max-growth={limit}", *two_snapshots())
    check.equal(run.status, status)
    if status == BROKEN:
        check.contains(run.out, "--max-growth 2: 1 group has grown more, by up to 3")
        check.contains(run.out, "leak_sockets")
        check.lacks(run.out, "late_epoll")


@test("--max-growth uses the tracer's own count of growth if there is one file")
def _():
    old, new = two_snapshots()
    check.equal(fdtrail_check("--max-growth=2", new).status, BROKEN)
    check.equal(fdtrail_check("--max-growth=3", new).status, KEPT)
    run = fdtrail_check("--max-growth=3", old)
    check.equal(run.status, UNTOLD)
    check.contains(run.out, "--max-growth 3: there is no earlier snapshot to compare with")


@test("--max-growth compares the first and the last of one process in one file")
def _():
    output = temp_dir() / "all"
    run_traced([program("grows")], OUTPUT=str(output))
    check.equal(fdtrail_check("--max-growth=2", str(output)).status, BROKEN)


@test("--kinds counts only these kinds")
def _():
    _, new = two_snapshots()
    check.equal(fdtrail_check("--max-open=4", "--kinds=file,directory,epoll", new).status, KEPT)
    check.equal(fdtrail_check("--max-open=3", "--kinds=file,directory,epoll", new).status, BROKEN)
    check.equal(fdtrail_check("--max-open=0", "--kinds=udp", new).status, KEPT)
    check.equal(fdtrail_check("--max-open=5", "--kinds=sockets", new).status, BROKEN)


@test("--max-age tells old descriptors from new ones")
def _():
    process = server(start_traced)
    snapshot = temp_dir() / "snapshot"
    snapshot.write_text(re.sub(r"\b(age|ages:|to) \d+\.\ds", r"\1 2h04m01s", process.snapshot().text))
    check.equal(fdtrail_check("--max-age=7441", "--kinds=tcp", str(snapshot)).status, KEPT)
    run = fdtrail_check("--max-age=2h04m00s", "--kinds=tcp", str(snapshot))
    check.equal(run.status, BROKEN)
    check.contains(run.out, "older, up to 7441 seconds")


@test("--max-close-wait names the sockets of a running process, {}", each=["traced", "not traced"])
def _(how):
    process = server(start_traced if how == "traced" else lambda argv: start_traced(argv, traced=False))
    run = fdtrail_check("--pid", str(process.pid), "--max-close-wait=0")
    check.equal(run.status, BROKEN)
    check.contains(run.out, "--max-close-wait 0: 3 in CLOSE_WAIT")
    check.matches(run.out, r"\d+ tcp 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+, CLOSE_WAIT")
    if how == "traced":
        check.matches(run.out, r"=> #\d+ +<module> +<string>:\d+\n")
    check.equal(fdtrail_check("--pid", str(process.pid), "--max-close-wait=3").status, KEPT)


@test("an untraced process has no ages: status 2")
def _():
    process = server(lambda argv: start_traced(argv, traced=False))
    run = fdtrail_check("--pid", str(process.pid), "--max-age=1")
    check.equal(run.status, UNTOLD)
    check.contains(run.out, "are not known: the process was not traced")


PREFORK = """
import os, socket, sys, time
if os.fork() == 0:
    kept = [socket.socket() for _ in range(5)]
os.write(1, b"up\\n")
time.sleep(60)
"""


def prefork():
    """A master that has nothing open, and its worker, which leaks five sockets."""
    process = start_traced([PYTHON, "-c", PREFORK], traced=False)
    wait_until(lambda: process.out.count("up\n") == 2)
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="utf-8") as file:
        return process, int(file.read())


@test("limits for a process with children cover it alone, and a line says so")
def _():
    process, worker = prefork()
    run = fdtrail_check("--pid", str(process.pid), "--max-open=0")
    check.equal((run.status, run.err), (KEPT, ""))
    check.contains(run.out, "all limits are kept by this process alone; it has 1 child process, not checked "
                            f"(see --children): {worker}\n")
    run = fdtrail_check("--pid", str(worker), "--max-open=5")
    check.equal(run.status, KEPT)
    check.matches(run.out, "all limits are kept$")


APART = """
import ctypes, socket, threading, time
def leak():
    CLONE_FILES = 0x400
    ctypes.CDLL(None).unshare(CLONE_FILES)
    kept = [socket.socket() for _ in range(5)]
    print(threading.get_native_id(), flush=True)
    time.sleep(60)
threading.Thread(target=leak).start()
"""


@test("no limit passes if a thread has a descriptor table of its own")
def _():
    process = start_traced([PYTHON, "-c", APART], traced=False)
    wait_until(lambda: "\n" in process.out)
    run = fdtrail_check("--pid", str(process.pid), "--max-open=4")
    check.equal(run.status, UNTOLD)
    check.equal(run.err, f"fdtrail check: thread {process.out.strip()} of process {process.pid} has a descriptor table "
                         "of its own, which is not looked at\n")
    check.contains(run.out, "all limits are kept, but only part of the process could be checked\n")
    process = start_traced([PYTHON, "-c", APART.replace("ctypes.CDLL(None).unshare(CLONE_FILES)", "")], traced=False)
    wait_until(lambda: "\n" in process.out)
    check.equal(fdtrail_check("--pid", str(process.pid), "--max-open=4").status, BROKEN)


@test("--children checks the limits for each descendant of the process")
def _():
    process, worker = prefork()
    run = fdtrail_check("--pid", str(process.pid), "--children", "--max-open=4")
    check.equal((run.status, run.err), (BROKEN, ""))
    check.contains(run.out, f"process {process.pid}: all limits are kept\n")
    check.contains(run.out, f"process {worker}: --max-open 4: 5 open")
    check.equal(fdtrail_check("--pid", str(process.pid), "--children", "--max-open=5").status, KEPT)
    run = fdtrail_check("--children", "--max-open=5", "snapshot")
    check.equal(run.status, UNTOLD)
    check.contains(run.err, "--pid")


@test("the process id of `fdtrail run` stands for its program ({})", each=["preload", "ptrace"])
def _(engine):
    process = server(lambda argv: start_traced([FDTRAIL, "run", f"--engine={engine}", "--", *argv], traced=False))
    run = fdtrail_check("--pid", str(process.pid), "--max-close-wait=2")
    check.equal(run.status, BROKEN)
    check.contains(run.out, "--max-close-wait 2: 3 in CLOSE_WAIT")
    check.matches(run.err, rf"^fdtrail check: process {process.pid} is `fdtrail run`; this is its program, process \d+$")


@test("a broken limit takes precedence over one that can't be checked")
def _():
    process = server(lambda argv: start_traced(argv, traced=False))
    check.equal(fdtrail_check("--pid", str(process.pid), "--max-age=1", "--max-close-wait=0").status, BROKEN)


@test("a suppression by {} leaves out the leaks that it matches", each=[
    ("function", "leak:leak_sockets"), ("the beginning of one", "leak:^leak_"), ("the end of one", "leak:_sockets$"),
    ("wildcards", "leak:l*k_*ets"), ("source file", "leak:grows.c"), ("module", "leak:/programs/grows"),
    ("several lines", "# known\n\n  leak:nothing_like_it\n  leak:leak_sockets  \n")])
def _(_, text):
    _, new = two_snapshots()
    limit = ["--max-open=9", "--kinds=tcp", "--max-group=0"]
    check.equal(fdtrail_check(*limit, new).status, BROKEN)
    run = fdtrail_check(*limit, suppressions(text), new)
    check.equal((run.status, run.err), (KEPT, ""))


@test("a suppression that does not match leaves nothing out: {}", each=[
    "leak:leak_socketz", "leak:^sockets", "leak:leak_$", "leak:^eak_sockets$", "#leak:leak_sockets"])
def _(text):
    _, new = two_snapshots()
    check.equal(fdtrail_check("--max-group=5", suppressions(text), new).status, BROKEN)


@test("--print-suppressions shows how much each has left out, and which are unused")
def _():
    _, new = two_snapshots()
    run = fdtrail_check("--max-open=4", "--print-suppressions",
                        suppressions("leak:leak_sockets\nleak:nothing_like_it\n"), new)
    check.equal(run.status, KEPT)
    check.contains(run.out, "suppressions:\n  leak:leak_sockets: 6 descriptors in 1 group\n"
                            "  leak:nothing_like_it: unused\n")


@test("suppressions from --gen-suppressions match the leaks that they were made from")
def _():
    _, new = two_snapshots()
    run = fdtrail_check("--max-open=0", "--gen-suppressions", new)
    check.equal(run.status, BROKEN)
    lines = run.out.split("\nsuppressions for these:\n")[1]
    check.contains(lines, "# 6 tcp sockets in CLOSED, opened in leak_sockets\nleak:^leak_sockets$\n")
    check.equal(fdtrail_check("--max-open=0", suppressions(lines), new).status, KEPT)


@test("the newest snapshot of every process in a file is checked")
def _():
    output = temp_dir() / "all"
    run_traced([program("demo")], OUTPUT=str(output))
    run_traced([program("grows")], OUTPUT=str(output))
    run = fdtrail_check("--max-close-wait=7", str(output))
    check.equal(run.status, BROKEN)
    check.contains(run.out, "--max-close-wait 7: 8 in CLOSE_WAIT")
    check.matches(run.out, r"grows, process \d+: all limits are kept")


@test("a truncated snapshot never passes")
def _():
    _, new = two_snapshots()
    cut = temp_dir() / "cut"
    cut.write_text(open(new).read().split("\nmodules:\n")[0])
    run = fdtrail_check("--max-open=100", str(cut))
    check.equal(run.status, UNTOLD)
    check.contains(run.out, "the snapshot is cut off")
    check.equal(fdtrail_check("--max-open=9", str(cut)).status, BROKEN)


@test("a snapshot limited to some kinds can't pass a limit on others")
def _():
    _, new = two_snapshots(KINDS="file")
    check.equal(fdtrail_check("--max-open=100", new).status, UNTOLD)
    check.equal(fdtrail_check("--max-open=100", "--kinds=file", new).status, KEPT)


@test("inherited descriptors do not count")
def _():
    with socket.socket() as inherited:
        os.set_inheritable(inherited.fileno(), True)
        run = run_traced([program("grows")], INHERITED="1", pass_fds=[inherited.fileno()])
    snapshot = temp_dir() / "snapshot"
    snapshot.write_text(run.last.text)
    check.contains(run.last.text, "descriptors, inherited")
    check.equal(fdtrail_check("--max-open=10", str(snapshot)).status, KEPT)


@test("wrong use is one line on stderr: {}", each=[
    ("no limit", ["x"], "no limit is given"),
    ("no file", ["--max-open=1"], "no snapshot is given"),
    ("a missing file", ["--max-open=1", "/nonexistent"], "can't open /nonexistent: No such file or directory"),
    ("a folder", ["--max-open=1", "/"], "can't read /: Is a directory"),
    ("an empty file", ["--max-open=1", "/dev/null"], "/dev/null is empty"),
    ("not a snapshot", ["--max-open=1", "/etc/passwd"], "/etc/passwd: no snapshot is in it"),
    ("three files", ["--max-growth=1", "a", "b", "c"], "needs --old=FILE, the older snapshot"),
    ("files with --pid", ["--max-open=1", "--pid=1", "b", "c"], "at most one FILE goes with --pid"),
    ("no number", ["--max-open=many", "a"], "--max-open=many is not accepted: a number from 0"),
    ("a negative number", ["--max-open=-1", "a"], "--max-open=-1 is not accepted"),
    ("no time", ["--max-age=1x", "a"], "--max-age=1x is not accepted: a time"),
    ("no kind", ["--max-open=1", "--kinds=tpc", "a"], "--kinds=tpc is not accepted"),
    ("no process id", ["--max-open=1", "--pid=init"], "not a process id: 'init'"),
    ("nobody's process id", ["--max-open=1", "--pid=4194305"], "4194305"),
    ("no suppressions", ["--max-open=1", "--suppressions=/nonexistent", "a"],
     "can't read the suppressions in /nonexistent: No such file or directory"),
])
def _(_, words, expected):
    run = fdtrail_check(*words)
    check.equal(run.status, UNTOLD)
    check.equal(run.out, "")
    check.contains(run.err, expected)
    check.equal(run.err.count("\n"), 1, "lines on stderr")


@test("an invalid suppression is reported with its line number")
def _():
    _, new = two_snapshots()
    run = fdtrail_check("--max-open=1", suppressions("leak:a\nmutex:b\n"), new)
    check.equal(run.status, UNTOLD)
    check.matches(run.err, r"^fdtrail check: line 2 of \S+ is not of the form 'leak:PATTERN'\n$")


main()
