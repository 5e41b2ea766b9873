#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail diff: which stacks have more open descriptors in the second of two snapshots, and which have fewer."""

import re

import json_documents
from support import BUILD, check, main, program, run_bare, run_traced, temp_dir, test

FDTRAIL = str(BUILD / "tools" / "fdtrail")

def fdtrail(*words, **arguments):
    return run_bare([FDTRAIL, *words], **arguments)


def two_snapshots(argv=None):
    """The files with the snapshot at SIGUSR1 and that at exit."""
    run = run_traced(argv or [program("grows")])
    check.equal(len(run.snapshots), 2, "snapshots")
    folder = temp_dir()
    for name, snapshot in zip(["old", "new"], run.snapshots):
        (folder / name).write_text(snapshot.text)
    return str(folder / "old"), str(folder / "new")


@test("new, grown, shrunk and gone stacks are shown with their counts, the fastest growing first")
def _():
    run = fdtrail("diff", *two_snapshots())
    check.equal(run.status, 0)
    check.equal(run.err, "")
    check.contains(run.out, "stacks: 1 new, 1 grown, 1 shrunk, 1 gone, 1 the same")
    check.equal(re.findall(r"^(new|grown|shrunk|gone|same), (\d+) -> (\d+) \(([+-]\d+)\): .* in (\w+) at \S+$", run.out, re.M),
                [("grown", "3", "6", "+3", "leak_sockets"), ("new", "0", "1", "+1", "late_epoll"),
                 ("shrunk", "4", "2", "-2", "open_files"), ("gone", "1", "0", "-1", "make_event")])


@test("a stack that grew is shown by function, file and line")
def _():
    run = fdtrail("diff", *two_snapshots())
    check.matches(run.out, r"#0 leak_sockets +\S*grows\.c:\d+:\d+\n +#1 main +\S*grows\.c:\d+:\d+\n")


@test("stacks match across a restart at other addresses")
def _():
    argv = [program("grows")]
    folder = temp_dir()
    texts = []
    for name in ["first", "second"]:
        run = run_traced([*argv, "3" if name == "first" else "9"])
        texts.append(run.last.text)
        (folder / name).write_text(run.last.text)
    addresses = [re.search(r"#0 (0x\w+) in leak_sockets", text)[1] for text in texts]
    check.true(addresses[0] != addresses[1], f"address space layout is random: {addresses}")
    run = fdtrail("diff", str(folder / "first"), str(folder / "second"))
    check.contains(run.out, "stacks: 0 new, 1 grown, 0 shrunk, 0 gone, 3 the same")
    check.contains(run.out, "grown, 6 -> 12 (+6): 12 tcp sockets")


@test("the first and the last snapshot of one process in one file are compared")
def _():
    output = temp_dir() / "all.txt"
    run_traced([program("grows")], OUTPUT=str(output))
    run_traced([program("demo")], OUTPUT=str(output))
    run_traced([program("grows")], OUTPUT=str(output))
    run = fdtrail("diff", str(output))
    check.equal(run.status, 0)
    check.contains(run.out, "grown, 3 -> 6 (+3)")


@test("in a file of several programs, the program of the other file is compared")
def _():
    old, new = two_snapshots()
    output = temp_dir() / "all.txt"
    output.write_text(open(old).read())
    run_traced([program("demo")], OUTPUT=str(output))
    run = fdtrail("diff", str(output), new)
    check.lacks(run.out, "Note:")
    check.contains(run.out, "grown, 3 -> 6 (+3)")


@test("JSON has both snapshots, the changes with their stacks, and a summary")
def _():
    run = fdtrail("diff", "--format=json", *two_snapshots())
    document = json_documents.one(run.out)
    check.equal(document["summary"], {"new": 1, "grown": 1, "shrunk": 1, "gone": 1, "same": 1})
    check.equal(document["old"]["snapshot"]["number"], 1)
    check.equal(document["new"]["snapshot"]["number"], 2)
    first = document["changes"][0]
    check.equal([first[key] for key in ("change", "old_count", "new_count", "growth", "kind")],
                ["grown", 3, 6, 3, "tcp"])
    check.equal([frame["function"] for frame in first["stack"]][:2], ["leak_sockets", "main"])
    check.equal(len(document["changes"]), 5)


@test("folded stacks have the old and the new count, for a differential flame graph")
def _():
    run = fdtrail("diff", "--format=folded", *two_snapshots())
    lines = run.out.splitlines()
    check.equal(len(lines), 5)
    counts = {";".join(line.rsplit(" ", 2)[0].split(";")[-2:]): line.rsplit(" ", 2)[1:] for line in lines}
    check.equal(counts, {"leak_sockets;[tcp]": ["3", "6"], "late_epoll;[epoll]": ["0", "1"],
                         "open_files;[file]": ["4", "2"], "make_event;[eventfd]": ["1", "0"],
                         "keep_folder;[directory]": ["1", "1"]})


@test("--output names the file, which is written whole")
def _():
    target = temp_dir() / "diff.json"
    run = fdtrail("diff", "--format=json", f"--output={target}", *two_snapshots())
    check.equal((run.status, run.out), (0, ""))
    check.equal(len(json_documents.one(target.read_text())["changes"]), 5)


@test("two equal snapshots have no changes")
def _():
    old, _ = two_snapshots()
    run = fdtrail("diff", old, old)
    check.contains(run.out, "stacks: 0 new, 0 grown, 0 shrunk, 0 gone, 4 the same")
    check.lacks(run.out, "->")


@test("modules that were rebuilt between the two are named")
def _():
    old, _ = two_snapshots([program("grows")])
    _, new = two_snapshots([program("grows", "clang")])
    old_path = re.search(r"\((/\S+grows\S*)\+0x", open(old).read())[1]
    new_path = re.search(r"\((/\S+grows\S*)\+0x", open(new).read())[1]
    moved = temp_dir() / "moved"
    moved.write_text(open(new).read().replace(new_path, old_path))
    run = fdtrail("diff", old, str(moved))
    check.contains(run.out, f"Note: {old_path} was rebuilt")


@test("a truncated snapshot is compared as far as it goes, and a line says so")
def _():
    old, new = two_snapshots()
    cut = temp_dir() / "cut"
    cut.write_text(open(old).read().split("\nmodules:\n")[0])
    run = fdtrail("diff", str(cut), new)
    check.equal(run.status, 0)
    check.contains(run.out, "Note: the old snapshot is cut")
    check.contains(run.out, "grown, 3 -> 6 (+3)")


@test("wrong use is one line on stderr: {}", each=[
    ("no file", [], "no file is given"),
    ("three files", ["a", "b", "c"], "more than two files"),
    ("a missing file", ["/nonexistent", "/nonexistent"], "can't open /nonexistent: No such file or directory"),
    ("a folder", ["/", "/"], "can't read /: Is a directory"),
    ("an empty file", ["/dev/null", "/dev/null"], "/dev/null is empty"),
    ("not a snapshot", ["/etc/passwd", "/etc/passwd"], "/etc/passwd: no snapshot is in it"),
    ("an unknown format", ["--format=jsn", "a", "b"], "did you mean 'json'?"),
    ("standard input twice", ["-", "-"], "only one of the two files can be standard input"),
    ("nowhere to write", ["--output=/nonexistent/x", "SNAPSHOT", "SNAPSHOT"], "can't write /nonexistent/x"),
])
def _(_, words, expected):
    if "SNAPSHOT" in words:
        words = [two_snapshots()[0] if word == "SNAPSHOT" else word for word in words]
    run = fdtrail("diff", *words)
    check.equal(run.status, 2)
    check.equal(run.out, "")
    check.contains(run.err, expected)
    check.equal(run.err.count("\n"), 1, "lines on stderr")


@test("a single snapshot can't be compared")
def _():
    old, _ = two_snapshots()
    run = fdtrail("diff", old)
    check.equal(run.status, 2)
    check.contains(run.err, "has only one snapshot of its last process")


main()
