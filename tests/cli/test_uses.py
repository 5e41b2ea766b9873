#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who uses a descriptor now: for those that were open before fdtrail attach came, which have no opening stack, and with
FDTRAIL_USED_BY=all for all."""

import re
import subprocess

import json_documents
import snapshot_text
from support import (BUILD, LIBRARY, PYTHON, SOURCE, check, main, program, require, require_attach, run_bare, run_traced,
                     skip, start_traced, temp_dir, test, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"
LATER = BUILD / "tests" / "programs" / "libuses.so"
USE_NAMES = re.findall(r"^USED(?:_LIKE)?\((\w+)", (SOURCE / "preload/libc/use_names.h").read_text(), re.MULTILINE)
USERS = subprocess.run([program("users"), "list"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
HOOKED = ["accept", "accept4", "ioctl", "recvmmsg", "recvmsg"]  # have hooks, which note the use


def last_used(snapshot):
    """The functions that have used descriptors last, each with the descriptors; and who has opened these."""
    found = {}
    for group in snapshot.groups:
        where = re.search(r"last used in (\S+)$", group.sentence)
        if where:
            found.setdefault(where[1], []).extend(group.fds)
    return found


def fdtrail(*words):
    asked = run_bare([FDTRAIL, *words])
    check.equal(asked.status, 0, asked.err)
    return asked


def attached(argv, *options):
    """Starts the program, attaches when it is ready, and lets it go on. Returns the process and a snapshot."""
    require_attach()
    go = temp_dir() / "go"
    process = start_traced([*argv, go], traced=False)
    wait_until(lambda: "ready\n" in process.out)
    fdtrail("attach", "--background", *options, process.pid)
    go.touch()
    wait_until(lambda: "used\n" in process.out)
    return process, snapshot_of(process)


def snapshot_of(process):
    return snapshot_text.parse_all(fdtrail("snapshot", "--raw", process.pid).out)[0]


@test("what was open before fdtrail came is listed with the code that uses it, once it does")
def _():
    process, snapshot = attached([program("uses")])
    check.equal(last_used(snapshot), {"writes_to": [3], "reads_from": [4]})
    for group in snapshot.groups:
        if "last used" in group.sentence:
            check.matches(group.sentence, r"^1 unix socket, inherited, last used in \w+$")
            check.equal(group.functions[1], "main")
    # Standard streams and what nobody has used are counted; number 5 was closed and opened again.
    check.matches(snapshot.footer, r"(?m)^  \d+ inherited \(FDTRAIL_INHERITED=1 lists them\)$")
    inherited = int(snapshot.fields["unclosed"].rpartition("; ")[2].split()[0])
    check.contains(snapshot.footer, f"  {inherited - 2} inherited ")
    # A use counts nowhere else.
    check.equal(sum(group.count for group in snapshot.groups if "opened in opens_a_pair" in group.sentence), 6)
    check.lacks(snapshot.text, "closed at")


@test("a report says that they were open before fdtrail came, and which line used them last; JSON has the stack")
def _():
    process, _ = attached([program("uses")])
    report = fdtrail("snapshot", process.pid).out
    check.matches(report, r"(?m)^\d+\. 1 unix socket, open before fdtrail came, last used in writes_to "
                          r"at \S*uses\.c:\d+$")
    check.matches(report, r"(?m)^   last used at:\n   => #0 writes_to ")
    document = json_documents.one(fdtrail("snapshot", "--format=json", process.pid).out)
    used = [group for group in document["groups"] if group["last_used_at"]]
    check.equal(sorted(group["last_used_at"][0]["frames"][0]["function"] for group in used),
                ["reads_from", "writes_to"])
    check.equal({group["origin"] for group in used}, {"inherited"})
    check.equal([group["last_http_request_by"] for group in used], [[], []])
    # They are nobody's leak.
    check.equal(run_bare([FDTRAIL, "check", f"--pid={process.pid}", "--max-open=6", "--max-group=6"]).status, 0)


@test("with --used-by=off nothing is known of what was open before")
def _():
    _, snapshot = attached([program("uses")], "--used-by=off")
    check.equal(last_used(snapshot), {})
    check.lacks(snapshot.text, "last used")


@test("with --used-by=all attach records the uses of what was opened since, too")
def _():
    _, snapshot = attached([program("uses")], "--used-by=all")
    found = last_used(snapshot)
    check.equal(found["sends_to"], [9])
    check.equal((found["writes_to"], found["reads_from"]), ([3], [4]))
    group = next(group for group in snapshot.groups if group.sentence.endswith("last used in sends_to"))
    check.equal(group.sentence, "1 unix socket, opened in opens_a_pair, last used in sends_to")
    check.matches(group.text, r"(?s)opened at:.*in opens_a_pair .*last used at:\n    #0 \S+ in sends_to ")


@test("after detaching the program calls the C library again, and the next attach begins anew")
def _():
    process, snapshot = attached([program("uses")])
    check.true(last_used(snapshot), "uses")
    fdtrail("detach", process.pid)
    fdtrail("attach", "--background", process.pid)
    check.equal(last_used(snapshot_of(process)), {})


@test("a library that is loaded after fdtrail came is seen, bound {}", each=["plain", "deepbind"])
def _(bound):
    _, snapshot = attached([program("uses_later"), LATER, bound])
    check.equal(last_used(snapshot), {"library_writes_to": [3]})


@test("under run nothing is recorded by default, and with FDTRAIL_USED_BY=all everything")
def _():
    for options, expected in (({}, {}), ({"USED_BY": "before"}, {}),
                              ({"USED_BY": "all"}, {"writes_to": [3], "reads_from": [4], "sends_to": [9]})):
        run = run_traced([program("uses")], **options)
        check.equal((run.status, last_used(run.last)), (0, expected), options)


@test("under run a library that is loaded later is seen, bound {}", each=["plain", "deepbind"])
def _(bound):
    run = run_traced([program("uses_later"), LATER, bound], USED_BY="all")
    check.equal((run.status, last_used(run.last)), (0, {"library_writes_to": [3]}))


FORKS = """
import os, socket, sys
left, right = socket.socketpair()
left.send(b"x")
if os.fork() == 0:
    right.recv(1)
    os._exit(0)
os.wait()
"""


@test("a forked process knows its own uses, and not those of the process that it was forked from")
def _():
    run = run_traced([PYTHON, "-c", FORKS], USED_BY="all", INHERITED=1, VERBOSE=1)
    child, = [snapshot for snapshot in run.all_snapshots if snapshot.pid != run.pid]
    sockets = [group for group in child.groups if group.kind == "unix"]
    used = [len(group.descriptors) for group in sockets if "last used at:" in group.text]
    check.equal((sum(len(group.descriptors) for group in sockets), used), (2, [1]))


@test("where ptrace traces the program, a line says that uses are not seen")
def _():
    done = run_bare([FDTRAIL, "run", "--engine=ptrace", "--used-by=all", "--", program("ends"), "none"])
    check.equal(done.status, 0)
    check.contains(done.err, "--used-by has no effect on ")
    check.lacks(run_bare([FDTRAIL, "run", "--engine=ptrace", "--", program("ends"), "none"]).err, "--used-by")


@test("the program users uses each function of use_names.h, and those with a hook")
def _():
    check.equal(sorted(USERS), sorted(USE_NAMES + HOOKED))


@test("use_names.h is in the order of strcmp, and the library exports none of its functions")
def _():
    check.equal(USE_NAMES, sorted(set(USE_NAMES)))
    lines = subprocess.run([require("nm"), "-D", "--defined-only", LIBRARY], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.splitlines()
    exported = {line.split()[2].partition("@")[0] for line in lines}
    check.equal(exported & set(USE_NAMES), set())


@test("a use by {} is noted with its caller", each=USERS)
def _(name):
    run = run_traced([program("users"), name], USED_BY="all")
    if run.status == 77:
        skip("this C library lacks it")
    check.equal(run.status, 0)
    check.contains(last_used(run.last).get(f"uses_by_{name}", []), int(run.out))


main()
