#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One leak is one finding, at the program's own line, whatever paths lead there; if one of two callers leaks,
that is another finding. Reports, limits and diff count findings; JSON keeps the stacks apart."""

import re

import json_documents
from support import BUILD, check, main, program, run_bare, run_traced, temp_dir, test

FDTRAIL = str(BUILD / "tools" / "fdtrail")


def fdtrail(*words):
    return run_bare([FDTRAIL, *words])


def snapshots_of(*modes):
    """The file with the snapshots of `paths MODE...`."""
    path = temp_dir() / "snapshots.txt"
    run = run_traced([program("paths"), *modes], OUTPUT=str(path))
    check.equal(run.status, 0)
    return str(path)


def report_of(*modes, options=()):
    done = fdtrail("report", *options, snapshots_of(*modes))
    check.equal((done.status, done.err), (0, ""), "fdtrail report")
    return done.out


def headings(text):
    return re.findall(r"(?m)^\d+\. (.*?) at \S+?:\d+(.*)$", text)


def check_first_line(text):
    """The entries of the first lines, with their source lines."""
    first = re.search(r"(?m)^  (?:look first at|likeliest leak|growing): (.*?)(?: \(\+\d+ since .*)?$", text)[1]
    check.equal(first, re.search(r"(?m)^1\. (.*)$", text)[1], "the first line")


@test("one line of source is one finding: {}", each=[
    ("an unrolled loop", "unrolled", "5 tcp sockets in CLOSED, opened in unrolled", 5),
    ("two kinds", "kinds", "2 descriptors (1 tcp socket, 1 file, 1 in CLOSED), opened in both_kinds", 2),
    ("a recursion", "recursion", "7 files, opened in open_table", 7),
    ("three callers", "three", "3 files, opened in open_table", 3),
    ("twelve callers, all of which leak", "leaf", "120 files, opened in open_table", 12),
])
def _(_, mode, sentence, groups):
    text = report_of(mode)
    check.equal(headings(text), [(sentence, "")])
    check_first_line(text)
    check.matches(text, r"^[^\n]* unclosed descriptors in 1 group;")
    documents = json_documents.one(fdtrail("report", "--format=json", snapshots_of(mode)).out)
    check.equal([group["finding"] for group in documents["groups"]], [1] * groups, "findings of the groups")


@test("10,240 files of one line, by 1,024 paths to it, are one finding")
def _():
    text = report_of("thousand")
    check.equal(headings(text), [("10240 files, opened in open_table", "")])
    check_first_line(text)
    check.matches(text, r"(?m)^   by \d+ call paths:$")
    document = json_documents.one(fdtrail("report", "--format=json", snapshots_of("thousand")).out)
    check.equal((len(document["groups"]), {group["finding"] for group in document["groups"]}), (1024, {1}))


@test("each call path of a finding has its own count; the first few are shown unless --full is given")
def _():
    three = report_of("three")
    check.matches(three, r"\n   by 3 call paths:\n"
                         r"(     1 by caller_[123] at \S+paths\.c:\d+ \(opened 1, closed 0\)\n){3}"
                         r"   opened at \(1 of 3\):\n   => #0 open_table ")
    leaf = report_of("leaf")
    check.matches(leaf, r"\n   by 12 call paths:\n"
                        r"(     10 by caller_\d+ at \S+paths\.c:\d+ \(opened 10, closed 0\)\n){5}"
                        r"     and 7 more paths \(--full\)\n   opened at \(10 of 120\):\n")
    full = report_of("leaf", options=["--full"])
    check.equal(len(set(re.findall(r"(?m)^     10 by (caller_\d+) ", full))), 12)
    check.equal(full.count("   opened at (10 of 120):\n"), 12)
    check.lacks(full, "more paths")


@test("a recursion of any depth is one path")
def _():
    text = report_of("recursion")
    check.lacks(text, "call paths")
    check.contains(text, "this stack has opened 7 and closed 0")


@test("two callers of a function, only one of which closes what it opens, are two findings")
def _():
    text = report_of("one of two")
    check.equal(headings(text), [("6 files, opened in forgets", ""), ("1 file, opened in closes", "")])
    check_first_line(text)
    check.contains(text, "this stack has opened 6 and closed 0")
    check.contains(text, "this stack has opened 20 and closed 19")


@test("a stripped program's calls are told apart by their offsets")
def _():
    path = temp_dir() / "snapshots.txt"
    run_traced([program("paths", "gcc-stripped"), "one of two"], OUTPUT=str(path))
    text = fdtrail("report", str(path)).out
    found = re.findall(r"(?m)^\d+\. (\d) files?, opened at \S+\+(0x\w+)", text)
    check.equal([count for count, _ in found], ["6", "1"])
    check.equal(len({place for _, place in found}), 2, "places")


@test("each caller of a wrapper that many use and few leak through is a finding")
def _():
    text = report_of("wrapper")
    found = headings(text)
    check.equal(found[0], ("6 files, opened in forgets", ""))
    check.equal(sorted(name for name, _ in found[1:]),
                sorted(f"1 file, opened in caller_{number}" for number in range(1, 13)))
    check_first_line(text)


@test("limits count findings")
def _():
    path = snapshots_of("unrolled")
    broken = fdtrail("check", "--max-group=4", path)
    check.equal(broken.status, 1)
    check.contains(broken.out, "--max-group 4: 1 group has more, up to 5\n")
    check.matches(broken.out, r"(?m)^1\. 5 tcp sockets in CLOSED, opened in unrolled at ")
    check.equal(fdtrail("check", "--max-group=5", path).status, 0)
    grown = fdtrail("check", "--max-growth=4", snapshots_of("unrolled", "unrolled"))
    check.equal(grown.status, 1)
    check.contains(grown.out, "--max-growth 4: 1 group has grown more, by up to 5\n")
    check.equal(fdtrail("check", "--max-growth=5", snapshots_of("unrolled", "unrolled")).status, 0)
    # Each stack has a peak of its own.
    peaks = fdtrail("check", "--max-peak-group=0", path)
    check.equal(peaks.status, 1)
    check.contains(peaks.out, "--max-peak-group 0: 5 stacks had more open at once, up to 1\n")
    check.equal(len(headings(peaks.out)), 1)
    # Only the requested kind of a finding counts.
    kinds = snapshots_of("kinds")
    check.equal(fdtrail("check", "--max-group=1", "--kinds=tcp", kinds).status, 0)
    check.equal(fdtrail("check", "--max-group=1", kinds).status, 1)


@test("growth is that of the finding, and is left out if there is none")
def _():
    text = report_of("unrolled", "unrolled")
    check.matches(text, r"(?m)^  growing: 10 tcp sockets in CLOSED, opened in unrolled at \S+ \(\+5 since the last snapshot\)$")
    check.contains(text, "\n   +5 since the last snapshot; age ")
    check.lacks(report_of("unrolled", "nothing"), "since the last snapshot")


@test("diff compares findings, and gives their stacks in JSON and folded")
def _():
    path = snapshots_of("unrolled", "unrolled")
    text = fdtrail("diff", path).out
    check.contains(text, "stacks: 0 new, 1 grown, 0 shrunk, 0 gone, 0 the same\n")
    check.matches(text, r"(?m)^grown, 5 -> 10 \(\+5\): 10 tcp sockets in CLOSED, opened in unrolled at ")
    changes = json_documents.one(fdtrail("diff", "--format=json", path).out)["changes"]
    check.equal([(change["old_count"], change["new_count"]) for change in changes], [(5, 10)])
    parts = changes[0]["parts"]
    check.equal(sorted((part["side"], part["count"]) for part in parts), [("new", 2)] * 5 + [("old", 1)] * 5)
    check.equal(len({part["stack_id"] for part in parts}), 5, "stacks")
    folded = fdtrail("diff", "--format=folded", path).out.splitlines()
    check.equal([line.rsplit(" ", 2)[1:] for line in folded], [["1", "2"]] * 5)


main()
