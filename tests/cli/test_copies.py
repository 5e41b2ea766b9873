#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copies of one open file description are joined: a snapshot tells whether what was copied is still open."""

import json_documents
import platform
import re

from support import BUILD, check, main, program, run_bare, run_traced, skip, temp_dir, test

FDTRAIL = str(BUILD / "tools" / "fdtrail")
WORDS = {"closed": "original closed", "both": "original open", "reused": "original closed"}


def needs_query(way):
    """Files of one name can only be told apart by fcntl(F_DUPFD_QUERY)."""
    if way != "closed" and tuple(map(int, re.findall(r"\d+", platform.release())[:2])) < (6, 10):
        skip("Linux before 6.10 has no F_DUPFD_QUERY")


def snapshot_file(way):
    path = temp_dir() / "snapshots.txt"
    run = run_traced([program("copies"), way], OUTPUT=str(path))
    check.equal(run.status, 0)
    return str(path)


@test("a snapshot tells of each copy whether what was copied is open: {}", each=WORDS)
def _(way):
    needs_query(way)
    run = run_traced([program("copies"), way])
    lines = [line for line in run.last.group_of("imports").text.splitlines() if ", dup of " in line]
    check.equal([re.search(r", dup of (\d+), (original \w+)", line).groups() for line in lines],
                [(str(fd), WORDS[way]) for fd in (3, 4, 5)])


@test("a report says that copies keep open what is closed, or that both are open")
def _():
    text = run_bare([FDTRAIL, "report", snapshot_file("closed")]).out
    check.contains(text, "Copies (dup) of descriptors that are closed by now: 3\n")
    needs_query("both")
    text = run_bare([FDTRAIL, "report", snapshot_file("both")]).out
    check.contains(text, "Copies (dup) of descriptors that are still open, too: 3\n")
    check.contains(text, "Also open as copies (dup): 3\n")


@test("JSON has the state of the original, and the number of copies")
def _():
    needs_query("both")
    document = json_documents.one(run_bare([FDTRAIL, "report", "--format=json", snapshot_file("both")]).out)
    copies = {group["place"]: group["descriptors"] for group in document["groups"]}
    check.equal([descriptor["original"] for descriptor in copies["imports"]], ["open"] * 3)
    check.equal([descriptor["copies"] for descriptor in copies["opens"]], [1] * 3)
    check.equal(document["snapshot"]["unknown_lines"], 0)


main()
