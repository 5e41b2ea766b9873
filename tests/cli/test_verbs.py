#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the verbs of the command have in common."""

import os
import re
import socket

from run_verb import FDTRAIL
from support import PYTHON, SOURCE, check, main, program, run_bare, run_traced, start_traced, temp_dir, test, wait_until

VERBS = ["run", "snapshot", "report", "diff", "check", "options", "help", "version"]
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


@test("the verbs are listed in the order of use, here and in the manual")
def _():
    listed = run_bare([FDTRAIL, "help"]).out
    check.equal(re.findall(r"^  (\w+) +\S", listed, re.MULTILINE), VERBS)
    for words in (["-h"], ["--help"]):
        check.equal(run_bare([FDTRAIL, *words]).out, listed)
    manual = (SOURCE / "tools/man/fdtrail.1.scd").read_text()
    check.equal(re.findall(r"^## (\w+)$", manual, re.MULTILINE), VERBS)
    check.equal(list(dict.fromkeys(re.findall(r"^\*fdtrail (\w+)\*", manual.split("# DESCRIPTION")[0], re.MULTILINE))), VERBS)


@test("-h is --help, which has an example that works: {}", each=VERBS)
def _(verb):
    shown = run_bare([FDTRAIL, verb, "--help"])
    check.equal((shown.status, shown.err), (0, ""))
    check.equal((run_bare([FDTRAIL, verb, "-h"]).out, run_bare([FDTRAIL, "help", verb]).out), (shown.out, shown.out))
    check.at_most(max(map(len, shown.out.splitlines())), 80, "columns")
    examples = re.findall(rf"^  (fdtrail {verb}\b.*)$", shown.out.split("\nExample")[1], re.MULTILINE)
    check.true(examples, "there is an example")
    # What stands for files and processes is not there; every option and verb is.
    for example in examples:
        words = re.sub(r"\$\([^)]*\)", "1", example.split(" | ")[0]).split()[2:]
        run = run_bare([FDTRAIL, verb, *words], cwd=temp_dir())
        check.lacks(run.err, "there is no option")
        check.lacks(run.err, "is not accepted")


@test("a mistyped option is one line, with its nearest neighbour: {}", each=[
    ("run --max-opn=1 -- true", 125, "--max-opn'; did you mean '--max-open'?"),
    ("run --dept 7 --egine=ptrace true", 125, "--egine'; did you mean '--engine'?"),
    ("snapshot --chidren 1", 2, "--chidren'; did you mean '--children'?"),
    ("report --fromat=json x", 2, "--fromat'; did you mean '--format'?"),
    ("report -o --fromat x --formt=json y", 2, "--formt'; did you mean '--format'?"),
    ("diff a --ful b", 0, None),
    ("diff a --fulll b", 2, "--fulll'; did you mean '--full'?"),
    ("check --max-growt=1 --suppresions=x a", 2, "--suppresions'; did you mean '--suppressions'?"),
    ("options --xyzzyxyzzy", 2, "--xyzzyxyzzy';"), ("help -x", 2, "-x';"), ("version -nf", 2, "-n';"),
    ("snapshot -n5x 1", 2, None), ("report -Z", 2, "-Z';")])
def _(words, status, message):
    verb = words.split()[0]
    run = run_bare([FDTRAIL, *words.split()], cwd=temp_dir())
    if message:
        check.equal((run.status, run.err), (status, f"fdtrail {verb}: there is no option '{message} "
                                                    f"`fdtrail {verb} --help` lists them\n"))
    else:
        check.lacks(run.err, "there is no option")


@test("what follows -- or run's command is no option")
def _():
    run = run_bare([FDTRAIL, "run", "--", "echo", "--fromat", "-h"])
    check.equal((run.status, run.out), (0, "--fromat -h\n"))
    run = run_bare([FDTRAIL, "run", "echo", "--fromat", "-h"])
    check.equal((run.status, run.out), (0, "--fromat -h\n"))
    run = run_bare([FDTRAIL, "report", "--", "--fromat"])
    check.contains(run.err, "--fromat: No such file")


def answer(verb, *options, process=None, **arguments):
    """What a verb answers about the same two leaks."""
    if verb == "run":
        run = run_bare([FDTRAIL, "run", "--report=-", *options, "--", program("ends"), "return", 7], **arguments)
    elif verb == "snapshot":
        run = run_bare([FDTRAIL, "snapshot", *options, process], **arguments)
    elif verb == "check":
        run = run_bare([FDTRAIL, "check", "--max-open=0", *options, ends()], **arguments)
    elif verb == "diff":
        run = run_bare([FDTRAIL, "diff", *options, ends(1), ends()], **arguments)
    else:
        run = run_bare([FDTRAIL, "report", *options, ends()], **arguments)
    return run


def ends(count=7):
    """A file with the snapshot of a program that has left so many devices open, in leaks_files."""
    return next(run_traced([program("ends"), "return", count], SHOW="all").dir.glob("report.*"))


SHOWING = ["run", "snapshot", "report", "diff", "check"]


@test("--color, --full, --collapse-runtime and --debug-dir mean the same for {}", each=SHOWING)
def _(verb):
    process = start_traced([PYTHON, "-c", LEAK.format(7, "time.sleep(60)")])
    wait_until(lambda: "up" in process.out)
    plain = answer(verb, process=process.pid)
    check.lacks(plain.out, "\033[")
    for word in ("--color=always", "--colour=always"):
        check.contains(answer(verb, word, process=process.pid).out, "\033[")
    check.equal(answer(verb, "--color=never", process=process.pid).status, plain.status)
    full = answer(verb, "--full", "--collapse-runtime", f"--debug-dir={temp_dir()}", process=process.pid)
    check.equal((full.status, full.err), (plain.status, plain.err))
    trouble = 125 if verb == "run" else 2
    for words, line in [("--color=blue", "auto, always or never"), ("--debug-dir=/nowhere", "No such file or directory")]:
        run = answer(verb, words, process=process.pid)
        check.equal((run.status, run.out, run.err), (trouble, "", f"fdtrail {verb}: {words} is not accepted: {line}\n"))


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
