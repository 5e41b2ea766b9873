#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Properties that all verbs of the command share."""

import os
import re
import socket

import json_documents
from run_verb import FDTRAIL
from support import PYTHON, SOURCE, check, main, program, run_bare, run_traced, start_traced, temp_dir, test, wait_until

VERBS = ["run", "snapshot", "top", "export", "attach", "detach", "report", "diff", "check", "options", "help", "version"]
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


@test("the verbs are listed in the order of use, in the help and in the manual")
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
    # Files and processes in the example don't exist here; every option and verb does.
    nobody = open("/proc/sys/kernel/pid_max").read().strip()  # the kernel's ids are below
    for example in examples:
        words = re.sub(r"\$\([^)]*\)", nobody, example.split(" | ")[0]).split()[2:]
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


@test("words after -- or after run's command are not options")
def _():
    run = run_bare([FDTRAIL, "run", "--", "echo", "--fromat", "-h"])
    check.equal((run.status, run.out), (0, "--fromat -h\n"))
    run = run_bare([FDTRAIL, "run", "echo", "--fromat", "-h"])
    check.equal((run.status, run.out), (0, "--fromat -h\n"))
    run = run_bare([FDTRAIL, "report", "--", "--fromat"])
    check.contains(run.err, "--fromat: No such file")


def answer(verb, *options, process=None, **arguments):
    """The verb's answer about the same two leaks."""
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
    """A file with the snapshot of a program that has left this many devices open, in leaks_files."""
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


@test("--kinds and --suppressions mean the same for {}", each=SHOWING)
def _(verb):
    process = start_traced([PYTHON, "-c", LEAK.format(7, "time.sleep(60)")])
    wait_until(lambda: "up" in process.out)
    known = temp_dir() / "suppressions"
    known.write_text("leak:leaks_files\nleak:python3\n")

    def counted(*options):
        """The number of descriptors in the answer's first lines."""
        run = answer(verb, *options, process=process.pid)
        found = re.search(r"(?:: |\+)(\d+)(?: unclosed| open)?(?:  | )(?:descriptors?|devices?|open|files?)", run.out)
        return int(found[1]) if found else 0

    check.at_least(counted("--kinds=device"), 6)
    check.at_least(counted("--kinds=tcp,all"), 6)
    check.equal(counted("--kinds=tcp"), 0)
    trouble = 125 if verb == "run" else 2
    run = answer(verb, "--kinds=tcp,devise", process=process.pid)
    check.equal((run.status, run.out), (trouble, ""))
    check.contains(run.err, "--kinds=tcp,devise is not accepted: not a kind: 'devise'; did you mean 'device'? Kinds are all, ")
    suppressed = answer(verb, f"--suppressions={known}", "--print-suppressions", process=process.pid)
    check.true(verb in ("report", "snapshot") or not counted(f"--suppressions={known}"), suppressed.out)
    if verb in ("report", "snapshot"):
        check.matches(suppressed.out, r"^1\. .*\(suppressed\)$")
    check.matches(suppressed.out, r"leak:(leaks_files|python3)")
    generated = answer(verb, "--gen-suppressions", process=process.pid)
    check.matches(generated.out, r"^leak:")
    run = answer(verb, "--suppressions=/nowhere", process=process.pid)
    check.equal((run.status, run.out), (trouble, ""))


@test("old names go on working: --kind, --colour")
def _():
    file = ends()
    check.equal(run_bare([FDTRAIL, "report", "--kind=device", file]).out, run_bare([FDTRAIL, "report", file]).out)
    check.contains(run_bare([FDTRAIL, "report", "--kind=tcp", file]).out, "nothing matches the filters")


def two_sleepers():
    script = LEAK.format("int(os.environ['N'])", "time.sleep(60)")
    started = [start_traced([PYTHON, "-c", script], env={"N": count}, traced=traced)
               for count, traced in (("3", True), ("5", False))]
    for process in started:
        wait_until(lambda: "up" in process.out)
    return [process.pid for process in started]


@test("snapshot takes several process ids; one that does not exist is a line, and status 2")
def _():
    pids = two_sleepers()
    run = run_bare([FDTRAIL, "snapshot", *pids])
    check.equal((run.status, run.err), (0, ""))
    check.equal(re.findall(r"^python3, process (\d+): (\d)", run.out, re.MULTILINE),
                [(str(pids[0]), "3"), (str(pids[1]), "5")])
    documents = json_documents.every(run_bare([FDTRAIL, "snapshot", "--format=json", *pids]).out)
    check.equal([document["process"]["pid"] for document in documents], pids)
    # Some versions of Python make the first object of a class by another line of their own code: another stack.
    folded = run_bare([FDTRAIL, "snapshot", "--format=folded", *pids]).out
    check.equal(sum(int(number) for number in re.findall(r"\[device\] (\d+)$", folded, re.MULTILINE)), 3 + 5)
    raw = run_bare([FDTRAIL, "snapshot", "--raw", *pids]).out
    check.equal(raw.count("end of fdtrail snapshot, format 1"), 2)
    series = run_bare([FDTRAIL, "snapshot", "--count=2", "--interval=0.01", *pids]).out
    check.equal(len(re.findall(r"Z: python3, process \d+: \d open, 0 more", series)), 2, series)
    run = run_bare([FDTRAIL, "snapshot", pids[0], 2**22 + 1, pids[1]])
    check.equal((run.status, run.err), (2, f"fdtrail snapshot: there is no process {2**22 + 1}\n"))
    check.equal(len(re.findall(r"^python3, process", run.out, re.MULTILINE)), 2)


@test("check takes several process ids and several files")
def _():
    pids = two_sleepers()

    def checked(*words):
        run = run_bare([FDTRAIL, "check", *words])
        return run.status, len(re.findall(r"all limits are kept", run.out)), len(re.findall(r"--max-open \d: ", run.out))

    both = [f"--pid={pid}" for pid in pids]
    check.equal(checked("--max-open=5", *both), (0, 2, 0))
    check.equal(checked("--max-open=4", *both), (1, 1, 1))
    check.equal(checked("--max-open=2", *both), (1, 0, 2))
    check.equal(checked("--max-open=9", *both, "--pid", str(2**22 + 1)), (2, 2, 0))
    files = [ends(1), ends(7), temp_dir() / "empty"]
    files[2].touch()
    check.equal(checked("--max-open=7", *files), (0, 2, 0))
    check.equal(checked("--max-open=6", *files), (1, 1, 1))
    check.equal(checked("--max-open=0", *files), (1, 0, 2))
    check.equal(checked("--max-open=1", files[1], files[0]), (1, 1, 1))
    run = run_bare([FDTRAIL, "check", "--max-open=1", files[2], files[2]])
    check.equal((run.status, run.err), (2, "fdtrail check: all 2 files are empty\n"))


@test("check compares with --old, with the first of two files, or with the file beside --pid")
def _():
    pids = two_sleepers()
    one, seven = ends(1), ends(7)
    for words, status in [([one, seven], 1), ([f"--old={one}", seven], 1), ([f"--old={one}", seven, seven, one], 1),
                          ([f"--old={one}", one], 0), ([seven, one], 0)]:
        check.equal(run_bare([FDTRAIL, "check", "--max-growth=5", *words]).status, status, words)
    kept = temp_dir() / "kept"
    run_bare([FDTRAIL, "snapshot", "--raw", "-o", kept, *pids])
    check.equal(run_bare([FDTRAIL, "check", "--max-growth=0", f"--pid={pids[0]}", f"--pid={pids[1]}", kept]).status, 0)


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
