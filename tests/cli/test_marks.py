#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Marks: which test has opened what is left open."""

import re
import subprocess
import xml.etree.ElementTree as ElementTree

import json_documents
from run_verb import FDTRAIL, per_test, shares
from support import PYTHON, SOURCE, check, main, program, run_bare, run_traced, skip, temp_dir, test


TWO = r"test_two\x1b[31m\n"
SHARES = {"before the first mark": [("1", "tcp", "open_socket")], "test_one": [("1", "device", "open_device")],
          TWO: [("2", "tcp", "open_socket"), ("1", "device", "open_device")], "after the tests": [("1", "device", "open_device")]}


@test("run --per-test says what each test has left open")
def _():
    found = shares(per_test(program("marks")).out)
    check.equal({name: sorted(parts) for name, parts in found.items()}, {name: sorted(parts) for name, parts in SHARES.items()})
    check.equal(list(found)[0], TWO, "the test with the most comes first")


@test("report --per-test says the same of a snapshot in a file")
def _():
    file = next(run_traced([program("marks")], SHOW="all").dir.glob("report.*"))
    found = shares(run_bare([FDTRAIL, "report", "--per-test", file]).out)
    check.equal({name: sorted(parts) for name, parts in found.items()}, {name: sorted(parts) for name, parts in SHARES.items()})


@test("the snapshot has the marks with open descriptors, and each descriptor its own")
def _():
    text = run_traced([program("marks")], SHOW="all").last.text
    check.equal(re.findall(r"^  (\d+), 0\.\ds after the start, (\d) open: (.*)$", text, re.MULTILINE),
                [("2", "1", "test_one"), ("3", "3", TWO), ("4", "1", "after the tests")])
    check.equal(sorted(re.findall(r"^    \d+ (?:tcp|device) .*?(?:, mark (\d))?(?:, no close-on-exec)?$", text, re.MULTILINE)),
                ["", "2", "3", "3", "3", "4"])


@test("JSON has the marks; a group's report names the tests, also in JUnit's XML")
def _():
    file = next(run_traced([program("marks")], SHOW="all").dir.glob("report.*"))
    document = json_documents.one(run_bare([FDTRAIL, "report", "--format=json", file]).out)
    check.equal([(mark["number"], mark["open"], mark["text"]) for mark in document["marks"]],
                [(2, 1, "test_one"), (3, 3, "test_two\x1b[31m\n"), (4, 1, "after the tests")])
    marks = sorted(descriptor.get("mark", 0) for group in document["groups"] for descriptor in group["descriptors"])
    check.equal(marks, [0, 2, 3, 3, 3, 4])
    run = per_test(program("marks"), options=["--format=junit", "--max-open=0"])
    failures = [failure.text for failure in ElementTree.fromstring(run.out).iter("failure")]
    check.true(any("opened under these marks: 1 by test_one, 1 by test_two" in text for text in failures), failures)


@test("ten thousand marks are no burden, and the last ones count")
def _():
    found = shares(per_test(program("marks"), "10000").out)
    check.equal(set(found), set(SHARES))


@test("marks that could not be recorded are counted")
def _():
    text = run_traced([program("marks"), "70000"], SHOW="all").last.text
    check.matches(text, r"^  44\d\d marks that could not be recorded: ")


@test("a forked child has marks of its own")
def _():
    run = run_traced([program("marks"), "fork"], SHOW="all")
    child = next(snapshot for snapshot in run.all_snapshots if snapshot.pid != run.pid)
    check.matches(child.text, r"1 open: test_of_the_child$")
    check.lacks(run.last.text, "test_of_the_child")


@test("without the tracer fdtrail_mark does nothing, and needs no library")
def _():
    run = run_bare([program("marks")])
    check.equal((run.status, run.out, run.err), (0, "", ""))
    needed = subprocess.run(["readelf", "-d", program("marks")], check=True, stdout=subprocess.PIPE, text=True).stdout
    check.lacks(needed, "fdtrail")


@test("a program without marks: the report is about what was open before the first one")
def _():
    check.equal(list(shares(per_test(program("three_sockets")).out)), ["before the first mark"])


PYTEST = """
import socket, pytest
kept = []

def leak():
    kept.append(socket.socket())

@pytest.fixture
def server():
    kept.append(open("/dev/null"))

def test_clean():
    socket.socket().close()

def test_leaky(server):
    leak()
    leak()

@pytest.mark.parametrize("name", ["a", "b"])
def test_each(name):
    if name == "b":
        leak()
"""


@test("the plugin for pytest names the test that leaks")
def _():
    if subprocess.run([PYTHON, "-c", "import pytest"], stderr=subprocess.DEVNULL).returncode:
        skip("pytest is not installed")
    folder = temp_dir()
    (folder / "test_net.py").write_text(PYTEST)
    env = {"PYTHONPATH": str(SOURCE / "docs/ci"), "HOME": str(folder)}
    command = [PYTHON, "-m", "pytest", "-q", "-p", "pytest_fdtrail", "-p", "no:cacheprovider", "test_net.py"]
    run = per_test(*command, cwd=folder, env=env)
    check.contains(run.out, "4 passed")
    found = {name: sorted((count, kind) for count, kind, _ in parts) for name, parts in shares(run.out).items() if "test_net" in name}
    check.equal(found, {"test_net.py::test_leaky": [("1", "device"), ("2", "tcp")], "test_net.py::test_each[b]": [("1", "tcp")]})
    bare = run_bare(command, cwd=folder, env=env)
    check.equal(bare.status, 0)


main()
