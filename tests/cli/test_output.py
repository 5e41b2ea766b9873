#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The places that snapshots are written to, and those that refuse: one clear line, and the program runs on."""

import fcntl
import os
import select
import shutil
import signal
import socket

import snapshot_text
from support import (TESTS, check, compile_program, main, program, run_traced, start_traced, temp_dir, test,
                     wait_until)

ENDS = [program("ends"), "return"]
F_SETPIPE_SZ = 1031  # <linux/fcntl.h>; Python has it since 3.10


def refused(output, *parts, **arguments):
    """Checks that stderr is one line with these parts, and that the program ends as usual."""
    run = run_traced(ENDS, OUTPUT=output, **arguments)
    check.equal(run.status, 3)
    check.equal(run.out, "buffered\n")
    check.equal(len(run.err.splitlines()), 1, "lines on stderr")
    for part in ("fdtrail: ", "FDTRAIL_OUTPUT", *parts):
        check.contains(run.err, part)
    return run


@test("the placeholders of FDTRAIL_OUTPUT are filled: %p %e %n %t %h %%")
def _():
    folder = temp_dir()
    run = run_traced(ENDS, OUTPUT=f"{folder}/%p.%e.%n.%h.%%.%t")
    names = os.listdir(folder)
    check.equal(len(names), 1)
    check.matches(names[0], rf"^{run.pid}\.ends\.1\.{socket.gethostname()}\.%\.\d{{8}}T\d{{6}}Z$")


@test("while a snapshot waits for its reader, a peer still sees that the program closes a connection")
def _():
    path = temp_dir() / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, F_SETPIPE_SZ, 4096)
    run = start_traced([program("heard"), 200], OUTPUT=path, EXIT=0)
    wait_until(lambda: "waits" in run.out, what="the second thread")
    run.send(signal.SIGUSR1)
    wait_until(lambda: select.select([reader], [], [], 0)[0], what="the beginning of the snapshot")
    run.send(signal.SIGUSR2)
    wait_until(lambda: "heard" in run.out, what="the peer's end of the connection")
    text = b""
    while select.select([reader], [], [], 10)[0]:
        piece = os.read(reader, 65536)
        if not piece:
            break
        text += piece
    # If the peer had waited for the snapshot, the text would have been cut after five seconds.
    check.contains(text.decode(), "\nend of fdtrail snapshot, format 1\n")
    check.equal(run.wait().out, "waits\nheard\n")
    os.close(reader)


@test("an error without a text of fdtrail's has its name of errno(3), not a number")
def _():
    # The signal accepts only numbers, and fails with EINVAL.
    refused("/proc/self/oom_score_adj", "can't write the whole snapshot", ": EINVAL; see FDTRAIL_OUTPUT")


@test("a relative path starts at the folder where the program was started, wherever it goes")
def _():
    folder = temp_dir()
    run = run_traced(["/usr/bin/python3", "-c", "import os; os.chdir('/'); os.open('/dev/null', 0)"],
                     OUTPUT="report", cwd=folder)
    check.equal((run.status, os.listdir(folder)), (0, ["report"]))


@test("the file has mode 0600 whatever the umask, and is appended to")
def _():
    path = temp_dir() / "report"
    for _ in range(2):
        run_traced(ENDS, OUTPUT=path, preexec=lambda: os.umask(0))
    check.equal(path.stat().st_mode & 0o777, 0o600)
    check.equal(len(snapshot_text.parse_all(path.read_text())), 2)


@test("a symbolic link is not followed")
def _():
    folder = temp_dir()
    (folder / "target").write_text("data")
    (folder / "link").symlink_to(folder / "target")
    refused(folder / "link", "symbolic link")
    check.equal((folder / "target").read_text(), "data")


@test("no name in a message drives a terminal: control characters of C0 and C1, bidirectional text, other bytes")
def _():
    name = b"a\x1b[2J\xc2\x9b2J\xe2\x80\xae\x9b\xc3\xa9"
    path = os.fsencode(temp_dir()) + b"/" + name
    shutil.copy(compile_program(TESTS / "programs/ends.c", "gcc-static"), path)
    run = run_traced(["/usr/bin/env", os.fsdecode(path), "none"], engine="preload", OUTPUT="stderr", EXIT=0)
    check.contains(run.err, "/a?[2J?2J??\u00e9, a static program")


@test("the program's name is the file that PATH leads to: an executable one, and none in the current folder without "
      "PATH")
def _():
    folder, static = temp_dir(), compile_program(TESTS / "programs/ends.c", "gcc-static")
    for name, mode in ("first", 0o644), ("second", 0o755):
        (folder / name).mkdir()
        shutil.copy(static, folder / name / "true")
        (folder / name / "true").chmod(mode)
    path = f"{folder}/first:{folder}/second"
    run = run_traced(["/usr/bin/env", "true", "none"], engine="preload", OUTPUT="stderr", EXIT=0, env={"PATH": path})
    check.contains(run.err, f"executes {folder}/second/true, a static program")
    check.lacks(run.err, f"{folder}/first")
    run = run_traced(["/usr/bin/env", "true"], engine="preload", OUTPUT="stderr", EXIT=0, env={"PATH": f"{folder}/first:/usr/bin"})
    check.equal((run.status, run.err), (0, ""))
    run = run_traced(["/usr/bin/env", "-u", "PATH", "true"], engine="preload", OUTPUT="stderr", EXIT=0, cwd=folder / "second")
    check.equal((run.status, run.err), (0, ""))


@test("a file with a second name is not written to")
def _():
    folder = temp_dir()
    (folder / "target").write_text("data")
    os.link(folder / "target", folder / "link")
    refused(folder / "link", "hard link")
    check.equal((folder / "target").read_text(), "data")


@test("a file of another user is not written to")
def _():
    path = temp_dir() / "file"
    path.write_text("data")
    os.chown(path, 65534, 65534)
    refused(path, "another user")
    check.equal(path.read_text(), "data")


@test("a missing folder is one line")
def _():
    refused(temp_dir() / "none" / "report", "no such file or directory")


@test("a folder as output is one line")
def _():
    refused(temp_dir(), "directory")


@test("a part of the path that isn't a folder is one line")
def _():
    path = temp_dir() / "file"
    path.touch()
    refused(path / "report", "not a directory")


@test("a full disk is one line")
def _():
    refused("/dev/full", "no space left")


@test("a pipe that nobody reads is one line, and the program does not wait")
def _():
    path = temp_dir() / "pipe"
    os.mkfifo(path)
    refused(path, "without a reader")


@test("a name with control bytes cannot drive the terminal")
def _():
    check.lacks(refused(str(temp_dir()) + "/\x1b[2J/x").err, "\x1b")


@test("stderr closed: the program ends as usual, and nothing is written to the new owner of number 2")
def _():
    path = temp_dir() / "data"
    script = f"exec 2>&-; exec {program('ends')} return"
    run = run_traced(["/bin/sh", "-c", script], OUTPUT="stderr")
    check.equal((run.status, run.err, run.out), (3, "", "buffered\n"))
    code = (f"import os; os.close(2); assert os.open({str(path)!r}, os.O_RDWR | os.O_CREAT) == 2;"
            "os.open('/dev/null', 0); os._exit(0)")
    run = run_traced(["/usr/bin/python3", "-c", code], OUTPUT="stderr")
    check.equal((run.status, path.read_bytes(), run.err), (0, b"", ""))


@test("if stderr is a client's connection now, nothing is written to it")
def _():
    code = """
import os, signal, socket
signal.signal(10, signal.SIG_IGN)
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
os.close(2)
server, _ = listener.accept()
assert server.fileno() == 2
os.kill(os.getpid(), 10)  # the snapshot has been taken when it returns
server.close()
print(client.recv(100))
"""
    run = run_traced(["/usr/bin/python3", "-c", code], OUTPUT="stderr")
    check.equal((run.status, run.out), (0, "b''\n"))
    check.equal(len(run.snapshots), 0)


@test("if the program was started with a connection as stderr, nothing is written to it")
def _():
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    run = run_traced(ENDS, OUTPUT="stderr", pass_fds=[server.fileno()],
                     preexec=lambda: os.dup2(server.fileno(), 2))
    check.equal(run.status, 3)
    server.close()
    client.settimeout(5)
    check.equal(client.recv(100), b"")
    client.close()
    listener.close()


main()
