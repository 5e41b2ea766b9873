#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A snapshot counts the stacks that closed the siblings of a leak, a report lists them, and neither says more than
is known."""

import re

import json_documents
from support import BUILD, check, main, program, run_bare, run_traced, temp_dir, test

FDTRAIL = str(BUILD / "tools" / "fdtrail")
WAYS = {  # how closes_another closes the hundredth connection: which function did, as the snapshot tells
    "dup2": "closes_another", "close_range": "closes_another", "fclose": "closes_another",
}


def siblings(*words, **options):
    run = run_traced([program("siblings"), *words], **options)
    check.equal(run.status, 0)
    return run


def counts(group):
    return {closer.functions[0] + "<" + closer.functions[1]: closer.count for closer in group.closers}


def snapshot_file(*words, **options):
    path = temp_dir() / "snapshots.txt"
    siblings(*words, OUTPUT=str(path), **options)
    return str(path)


def report(*words, options=()):
    done = run_bare([FDTRAIL, "report", *options, snapshot_file(*words)])
    check.equal((done.status, done.err), (0, ""), "fdtrail report")
    return done.out


@test("a leak's group lists the stacks that closed its siblings, and how many each has closed")
def _():
    group = siblings("1000").last.group_of("open_connection")
    check.contains(group.text, "  stack: 1000 opened, 997 closed, 3 live")
    check.equal(counts(group), {"close_connection<finish_request": 898, "close_connection<cancel_request": 99})
    check.equal([closer.functions[2] for closer in group.closers], ["main", "main"])
    check.lacks(group.text, "closed at unknown")


@test("a close by {} has a stack, too", each=WAYS)
def _(way):
    group = siblings("100", way).last.group_of("open_connection")
    check.contains(group.text, "  stack: 100 opened, 98 closed, 2 live")
    check.equal(counts(group).get(f"{WAYS[way]}<main"), 1)
    check.equal(sum(closer.count for closer in group.closers), 98)


@test("a close by an untraced call is counted as that")
def _():
    group = siblings("100", "raw").last.group_of("open_connection")
    check.contains(group.text, "  stack: 100 opened, 98 closed, 2 live")
    check.contains(group.text, "  closed by untraced calls: 1\n".rstrip())
    check.equal(sum(closer.count for closer in group.closers), 97)


@test("a forked child's close is not the parent's: there the descriptor is still open")
def _():
    run = siblings("100", "child")
    group = run.last.group_of("open_connection")
    check.contains(group.text, "  stack: 100 opened, 97 closed, 3 live")
    check.equal(sum(closer.count for closer in group.closers), 97)


@test("FDTRAIL_CLOSERS is the number of stacks to list; the others are counted; 0 records none")
def _():
    group = siblings("1000", CLOSERS="1").last.group_of("open_connection")
    check.equal(counts(group), {"close_connection<finish_request": 898})
    check.contains(group.text, "  closed at other stacks: 99 at 1")
    group = siblings("1000", CLOSERS="0").last.group_of("open_connection")
    check.contains(group.text, "  stack: 1000 opened, 997 closed, 3 live")
    check.lacks(group.text, "closed at")


@test("the closers of a stack that has nothing open are not written")
def _():
    run = siblings("3")  # all three are leaked, none is closed
    check.lacks(run.last.text, "closed at")
    run = run_traced([program("closes"), "close"])
    check.lacks(run.last.group_of("main").text if run.last.group_of("main") else "", "closed at")


@test("a report lists the closers, and says that what is open has reached none of them")
def _():
    text = report("1000")
    check.contains(text, "997 of 1000 are closed:")
    place = r" at \S*siblings\.c:\d+"
    check.matches(text, rf"(?m)^     898 in close_connection{place}, from finish_request{place}")
    check.matches(text, rf"(?m)^      99 in close_connection{place}, from cancel_request{place}")
    check.contains(" ".join(text.split()), "Those still open have reached none of these closes so far.")
    full = report("1000", options=["--full"])
    check.contains(full, "closed at (898 of 997):")


@test("a report gives no such advice if some closes are not known")
def _():
    text = report("100", "raw")
    check.matches(text, r"(?m)^ +1 by an untraced call$")
    check.lacks(text, "reached none of these closes")


@test("JSON has the closers of each group, with counts and named frames")
def _():
    document = json_documents.one(run_bare([FDTRAIL, "report", "--format=json", snapshot_file("100", "raw")]).out)
    group = next(group for group in document["groups"] if group["place"] == "open_connection")
    check.equal([closer["count"] for closer in group["closed_at"]], [88, 9])
    check.equal([[frame["function"] for frame in closer["frames"][:2]] for closer in group["closed_at"]],
                [["close_connection", "finish_request"], ["close_connection", "cancel_request"]])
    check.true(group["closed_at"][0]["frames"][0]["line"] > 0, "a line")
    check.equal(document["snapshot"]["unknown_lines"], 0)
    check.equal(group["closed_elsewhere"], {"others": 0, "other_stacks": 0, "unseen_calls": 1, "unknown": 0})


@test("diff compares where the siblings of a leak were closed, in the old snapshot and in the new one")
def _():
    old, new = snapshot_file("100", "dup2"), snapshot_file("1000")
    done = run_bare([FDTRAIL, "diff", old, new])
    check.equal(done.status, 0)
    check.contains(done.out, "grown, 2 -> 3 (+1): ")
    check.contains(done.out, "   closed at (old -> new):\n")
    place = r" at \S*siblings\.c:\d+"
    check.matches(done.out, rf"(?m)^     88 -> 898 in close_connection{place}, from finish_request{place}")
    check.matches(done.out, rf"(?m)^     9 -> 99 in close_connection{place}, from cancel_request{place}")
    check.matches(done.out, rf"(?m)^     1 -> 0 in closes_another{place}")


@test("diff says that a count is unknown if not all closes are listed")
def _():
    old, new = snapshot_file("100", "raw"), snapshot_file("1000")
    done = run_bare([FDTRAIL, "diff", new, old])
    check.matches(done.out, r"(?m)^     898 -> 88 in close_connection")
    limited = snapshot_file("1000", CLOSERS="1")
    done = run_bare([FDTRAIL, "diff", snapshot_file("100", "dup2"), limited])
    check.matches(done.out, r"(?m)^     88 -> 898 in close_connection")
    check.matches(done.out, r"(?m)^     9 -> \? in close_connection")


@test("diff shows the closers of what is new, and its JSON has those of each part")
def _():
    old, new = str(temp_dir() / "none.txt"), snapshot_file("1000")
    run_traced([program("siblings"), "1000"], OUTPUT=old, KINDS="pipe", VERBOSE=1)
    done = run_bare([FDTRAIL, "diff", old, new])
    check.contains(done.out, "new, 0 -> 3 (+3): ")
    check.contains(done.out, "   997 of 1000 are closed:")
    document = json_documents.one(run_bare([FDTRAIL, "diff", "--format=json", old, new]).out)
    part = document["changes"][0]["parts"][0]
    check.equal([closer["count"] for closer in part["closed_at"]], [898, 99])
    check.equal(part["closed_elsewhere"]["unknown"], 0)


@test("the HTML page has the closers of each group, and the misuses with their stacks")
def _():
    page = run_bare([FDTRAIL, "report", "--format=html", snapshot_file("1000")]).out
    check.contains(page, "997 of 1000 are closed:")
    check.matches(page, r"898 in close_connection at \S*siblings\.c:\d+, from finish_request at ")
    path = temp_dir() / "misuses.txt"
    run_traced([program("misuses"), "double"], OUTPUT=str(path))
    page = run_bare([FDTRAIL, "report", "--format=html", str(path)]).out
    check.contains(page, "wrong closes: 1 double close")
    check.matches(page, r"Double close of descriptor 3, in closes_again at \S*misuses\.c:\d+")
    check.matches(page, r"(?s)closed before at.*closes_first.*was opened at")


@test("a reader that doesn't know closers skips their lines without mixing up stacks")
def _():
    # They stand after the descriptors, where no frame continues the opening stack.
    text = siblings("100").last.group_of("open_connection").text
    check.true(text.index("descriptors:") < text.index("closed at ("), "closers come last")


@test("each lost or strange line of closers costs only itself")
def _():
    path = snapshot_file("100")
    lines = open(path, encoding="utf-8").read().splitlines(keepends=True)
    for i, line in enumerate(lines):
        if not re.match(r"  closed at \(", line):
            continue
        cut = temp_dir() / "cut.txt"
        cut.write_text("".join(lines[:i] + lines[i + 1:]))
        done = run_bare([FDTRAIL, "report", str(cut)])
        check.equal(done.status, 0)
        check.contains(done.out, "opened 100 and closed 97")


@test("by ptrace, a report says that nobody knows where the others were closed")
def _():
    run = run_bare([FDTRAIL, "run", "--engine=ptrace", "--", program("siblings"), "100"])
    check.contains(" ".join(run.err.split()),
                   "Nobody knows where the other 97 were closed: ptrace doesn't stop at close().")


main()
