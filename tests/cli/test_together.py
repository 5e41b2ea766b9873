#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Descriptors that are opened together every time are one finding; an event loop is called by that name."""

import re

import json_documents
from support import BUILD, check, main, program, run_bare, run_traced, temp_dir, test

FDTRAIL = str(BUILD / "tools" / "fdtrail")


def snapshot_file(way):
    path = temp_dir() / "snapshots.txt"
    run = run_traced([program("together"), way], OUTPUT=str(path))
    check.equal(run.status, 0)
    return str(path)


def headings(text):
    return re.findall(r"(?m)^\d+\. (.*?) at \S+?:\d+$", text)


@test("{} are one finding", each=[
    ("event loops", "loops", "12 event loops (epoll + eventfd + timerfd), opened in make_loop", 3),
    ("selectors with a pair of sockets", "selectors", "12 event loops (epoll + 2 unix sockets), opened in make_selector",
     2),
    ("two files that are opened each time", "files", "24 descriptors (12 files, 12 devices), opened in open_log", 2),
])
def _(_, way, heading, lines):
    path = snapshot_file(way)
    text = run_bare([FDTRAIL, "report", path]).out
    check.equal(headings(text), [heading])
    check.contains(text, f"look first at: {heading} at ")
    check.contains(text, "These are opened together each time, so they have to be closed together.")
    check.contains(text, f"by {lines} call paths:")
    document = json_documents.one(run_bare([FDTRAIL, "report", "--format=json", path]).out)
    check.equal([group["finding"] for group in document["groups"]], [1] * lines)


@test("what one function opens by two lines is two findings {}", each=[
    ("if it is not opened each time", "sometimes", ["12 devices, opened in open_log", "3 files, opened in open_log"]),
    ("if it opens one row after the other", "rows",
     ["12 devices, opened in open_rows", "12 files, opened in open_rows"]),
])
def _(_, way, expected):
    text = run_bare([FDTRAIL, "report", snapshot_file(way)]).out
    check.equal(headings(text), expected)
    check.lacks(text, "opened together")


main()
