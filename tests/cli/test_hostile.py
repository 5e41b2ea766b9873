#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Names, files and environments that an enemy has chosen: a snapshot stays one snapshot of printable text, and
is written only to the intended place."""

import os
import re

from support import PYTHON, check, main, program, run_traced, temp_dir, test

ENDS = [program("ends"), "return"]
# A line that ends a snapshot, terminal sequences, invalid and overlong UTF-8, a right-to-left override.
NASTY = (b"\nend of fdtrail snapshot, format 1\n\ngroup 1: 9 files, opened in main\n", b"\x1b]0;title\x07\x1b[2J\x1b[31m",
         b"\xff\xfe\xc0\xaf\xed\xa0\x80", b"\xe2\x80\xae\xc2\x9b2J", b"\"quoted\\\" , (deleted)", b"\r\b\b\t\x7f",
         b"a" * 255)


def is_clean(run, listed):
    """The last snapshot lists these numbers and no others, in lines without any control byte."""
    check.equal(run.status, 0)
    check.equal(len(run.snapshots), 1)
    check.equal(sorted(run.last.descriptors), listed)
    text = "".join(run.reports.values()).encode(errors="surrogateescape")
    text.decode()  # this also checks that it is valid UTF-8
    check.equal(re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]", text), [], "control bytes")
    check.equal(text.count(b"\nend of fdtrail snapshot, format 1"), 1)


@test("files, folders and memory with hostile names ({})", each=range(len(NASTY)))
def _(number):
    folder, name = temp_dir(), NASTY[number]
    code = f"""
import os
os.chdir({str(folder)!r})
name = {name!r}
here = name.replace(b'/', b'_')[:255]
os.open(here, os.O_CREAT | os.O_RDWR)
os.mkdir(b'd' + here[:254])
os.open(b'd' + here[:254], os.O_RDONLY | os.O_DIRECTORY)
os.memfd_create(here.decode('latin-1')[:100].replace(chr(0), ''))
os.unlink(here)
os._exit(0)
"""
    is_clean(run_traced([PYTHON, "-c", code]), [3, 4, 5])


@test("abstract sockets with hostile names ({})", each=range(len(NASTY)))
def _(number):
    code = f"""
import os, socket
server = socket.socket(socket.AF_UNIX)
server.bind(b'\\0' + {NASTY[number]!r}[:100] + b'\\0' + b'%d' % os.getpid())
server.listen()
client = socket.socket(socket.AF_UNIX)
client.connect(server.getsockname())
peer = server.accept()
os._exit(0)
"""
    is_clean(run_traced([PYTHON, "-c", code]), [3, 4, 5])


@test("a path of 4,095 bytes")
def _():
    code = f"""
import os
os.chdir({str(temp_dir())!r})
for i in range(15):
    os.mkdir(b'\\x1b' * 250)
    os.chdir(b'\\x1b' * 250)
os.open(b'f' * 200, os.O_CREAT | os.O_RDWR)
os._exit(0)
"""
    is_clean(run_traced([PYTHON, "-c", code]), [3])


@test("a program and a thread with hostile names ({})", each=range(len(NASTY) - 1))
def _(number):
    code = f"""
import ctypes, os
ctypes.CDLL(None).prctl(15, {NASTY[number]!r}[:15])
os.open('/dev/null', 0)
os._exit(0)
"""
    folder = temp_dir()
    # argv[0] is the program's name, and so a part of the file's name.
    run = run_traced(["/bin/bash", "-c", 'exec -a "$0" "$1" -c "$2"', NASTY[number].decode("latin-1"), PYTHON, code],
                     OUTPUT=f"{folder}/%e.%p")
    check.equal(run.status, 0)
    names = os.listdir(folder)
    check.equal(len(names), 1)
    text = (folder / names[0]).read_bytes()
    check.equal(re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]", text), [], "control bytes")
    check.equal(text.count(b"\nend of fdtrail snapshot, format 1"), 1)


def refused(folder, path):
    run = run_traced(ENDS, OUTPUT=path)
    check.equal((run.status, run.out), (3, "buffered\n"))
    check.matches(run.err, r"^fdtrail: can't write a snapshot to .*: (it |permission denied)")
    return run


@test("in a shared folder: a {} that another user has made there is not written to",
      each=["pipe", "file", "symbolic link", "hard link", "dangling link"])
def _(what):
    folder = temp_dir()
    folder.chmod(0o1777)
    path, target = folder / "report", folder / "target"
    target.write_text("data")
    reader = None
    if what == "pipe":
        os.mkfifo(path, 0o666)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    elif what == "file":
        path.write_text("")
        path.chmod(0o666)
    elif what == "hard link":
        os.link(target, path)
    else:
        path.symlink_to(target if what == "symbolic link" else folder / "nothing")
    if what != "hard link":
        os.chown(path, 65534, 65534, follow_symlinks=False)
    refused(folder, path)
    check.equal(target.read_text(), "data")
    check.true(not (folder / "nothing").exists(), "nothing was made behind the link")
    if reader is not None:
        check.equal(os.read(reader, 100), b"")
        os.close(reader)


@test("a program that changes its FDTRAIL variables, and closes every descriptor, changes nothing")
def _():
    folder = temp_dir()
    code = f"""
import os, signal
signal.signal(10, signal.SIG_IGN)
for name in ('OUTPUT', 'SIGNAL', 'EXIT', 'KINDS', 'ONLY'):
    os.environ['FDTRAIL_' + name] = {str(folder / 'evil')!r}
os.closerange(0, 1000)
os.open('/dev/null', 0)
os.open('/dev/null', 0)
os.kill(os.getpid(), 10)
os._exit(0)
"""
    run = run_traced([PYTHON, "-c", code], EXIT=0)
    check.equal(run.status, 0)
    check.equal(sorted(run.last.descriptors), [0, 1])
    check.equal(os.listdir(folder), [])


main()
