#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A descriptor that came by exec keeps the stack that has opened it, and the generation of that program."""

import errno
import os
import re
import resource
import subprocess

import json_documents
from support import BUILD, ENGINE, LIBRARY, check, main, program, run_bare, run_traced, skip, temp_dir, test

FDTRAIL = str(BUILD / "tools" / "fdtrail")
VARIABLE = "FDTRAIL_PASSED_STACKS"


def last_generation(way, count, **options):
    """The last generation's snapshots, as a file: those of the process that has started last."""
    folder = temp_dir()
    run = run_traced([program("generations"), str(count), way], OUTPUT=f"{folder}/%n-%p", INHERITED=1, **options)
    check.equal((run.status, run.err), (0, ""))
    for path in folder.iterdir():
        if f"generations {'1' if count > 1 else count} {way}\n" in path.read_text():
            return path
    raise AssertionError(f"no snapshot of the last generation: {[path.name for path in folder.iterdir()]}")


def came(path):
    return re.findall(r"(?m)^group \d+: (.*), inherited through exec, opened in (\w+)\n  generation: (.*)$",
                      path.read_text())


@test("what {} generations have left open shows its stack and its generation, by {}", each=[
    (4, "exec"), (3, "fork"), (3, "spawn")])
def _(count, way):
    path = last_generation(way, count)
    check.equal(came(path), [("1 tcp socket in CLOSED", "make_listener", f"{number} of {count}")
                             for number in range(1, count)] if "LISTEN" not in path.read_text() else
                [("1 tcp socket in LISTEN", "make_listener", f"{number} of {count}") for number in range(1, count)])
    text = run_bare([FDTRAIL, "report", str(path)]).out
    numbers = ", ".join(str(number) for number in range(1, count))
    check.contains(text, f"inherited through exec from generations {numbers} (this is {count}), opened in "
                         "make_listener at ")
    document = json_documents.one(run_bare([FDTRAIL, "report", "--format=json", str(path)]).out)
    groups = [group for group in document["groups"] if group["origin"] == "inherited_exec"]
    check.equal([(group["generation"], group["last_generation"]) for group in groups],
                [(number, count) for number in range(1, count)])
    check.equal(document["snapshot"]["unknown_lines"], 0)


@test("without FDTRAIL_EXEC_STACKS inherited descriptors have no stack")
def _():
    check.equal(came(last_generation("exec", 2, EXEC_STACKS=0)), [])


def runs(folder, count, pad):
    """Whether `generations COUNT` runs with an environment that is padded so much, where 256 KiB are allowed."""
    variables = {"LD_PRELOAD": str(LIBRARY), "FDTRAIL_OUTPUT": f"{folder}/report.{count}", "FDTRAIL_INHERITED": "1",
                 "PAD1": "x" * 100_000, "PAD2": "x" * 100_000, "PAD": "x" * pad}
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    try:
        return subprocess.run([program("generations"), str(count), "exec"], env=variables, stdin=subprocess.DEVNULL, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, hard))).returncode == 0
    except OSError as error:
        check.equal(error.errno, errno.E2BIG)
        return False


@test("a program whose environment has no room for the stacks is executed without them")
def _():
    if ENGINE != "preload":
        skip("the library passes them on")
    folder, least, most = temp_dir(), 0, 100_000
    while most - least > 1:
        pad = (least + most) // 2
        least, most = (pad, most) if runs(folder, 1, pad) else (least, pad)
    check.at_least(least, 20_000, "padding")
    check.true(runs(folder, 2, least), "the second generation was executed")
    check.lacks((folder / "report.2").read_text(), "through exec")
    check.true(runs(folder, 3, least - 10_000), "the third generation was executed")
    check.contains((folder / "report.3").read_text(), "inherited through exec")


@test("a program that isn't traced doesn't get the variable, and a traced one doesn't see it")
def _():
    run = run_traced(["sh", "-c", "exec 5</dev/null; exec env"], OUTPUT=str(temp_dir() / "report.%p"))
    check.lacks(run.out, VARIABLE)
    run = run_traced(["sh", "-c", "exec 5</dev/null; exec env -u LD_PRELOAD cat /proc/self/environ"],
                     OUTPUT=str(temp_dir() / "report.%p"))
    check.lacks(run.out, VARIABLE)


def snapshot_with(value, fd):
    run = run_traced([program("generations"), "1"], INHERITED=1, env={VARIABLE: value}, pass_fds=[fd])
    check.equal((run.status, run.err), (0, ""))
    return run.last.text


@test("a hostile or stale text gives no stack: {}", each=[
    ("of another process", "1;1;1;m0,0,0,,/bin/x;s0,m0+10;d{fd},1,0,0,{dev:x},{ino:x};"),
    ("of an unknown version", "2;{pid};1;m0,0,0,,/bin/x;s0,m0+10;d{fd},1,0,0,{dev:x},{ino:x};"),
    ("of another file", "1;{pid};1;m0,0,0,,/bin/x;s0,m0+10;d{fd},1,0,0,{dev:x},0;"),
    ("of a later generation", "1;{pid};1;m0,0,0,,/bin/x;s0,m0+10;d{fd},2,0,0,{dev:x},{ino:x};"),
    ("of an unknown module", "1;{pid};1;s0,m0+10;d{fd},1,0,0,{dev:x},{ino:x};"),
    ("of an unknown stack", "1;{pid};1;m0,0,0,,/bin/x;d{fd},1,0,0,{dev:x},{ino:x};"),
    ("with numbers that are too large", "1;{pid};1;mffffffffffffffffff,0,0,,/x;s0,m0+10;d{fd},1,0,0,{dev:x},{ino:x};"),
    ("with a NUL in a name", "1;{pid};1;m0,0,0,,/bin%00;s0,m0+10;d{fd},1,0,0,{dev:x},{ino:x};"),
    ("that is cut", "1;{pid};1;m0,0,0,,/bin/x;s0,m0+10;d{fd},1,0,0,{dev:x},{ino:x}"),
    ("of 100,000 bytes", "1;{pid};1;m0,0,0,," + "x" * 100_000),
    ("that is empty", ""),
])
def _(_, value):
    if ENGINE != "preload":
        skip("the library reads it")
    fd = os.open("/dev/null", os.O_RDONLY)
    status = os.fstat(fd)
    text = snapshot_with(value.format(fd=fd, pid=os.getpid(), dev=status.st_dev, ino=status.st_ino), fd)
    os.close(fd)
    check.lacks(text, "through exec")
    check.matches(text, rf"(?m)^    {fd} device /dev/null")


@test("the same text, but right, does give one; its control characters are escaped")
def _():
    if ENGINE != "preload":
        skip("the library reads it")
    fd = os.open("/dev/null", os.O_RDONLY)
    status = os.fstat(fd)
    text = snapshot_with(f"1;{os.getpid()};1;m0,0,0,,/bin/x%1b[31m;s0,m0+10;"
                         f"d{fd},1,0,0,{status.st_dev:x},{status.st_ino:x};", fd)
    os.close(fd)
    check.contains(text, r"(/bin/x\x1b[31m+0x10)")
    check.contains(text, "inherited through exec, opened at ")


main()
