#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The whole command with AddressSanitizer and UBSan: every verb, on programs and on hostile snapshots."""

import re
import subprocess

from sanitized_runs import enemy_snapshots, sanitized
from support import BUILD, check, main, program, ran, require, run_traced, start_traced, temp_dir, test, wait_until

FDTRAIL = BUILD / "tools" / "fdtrail"


@test("sanitizers find nothing when each verb reads hostile snapshots, and no path in them is written to",
      timeout=280)
def _():
    enemy_snapshots(60, forms=4)


@test("sanitizers find nothing in fdtrail {}", each=["help", "help run", "version", "options", "report --help", "run --help"])
def _(line):
    out, err = sanitized(*line.split())
    check.true(out, "it has said something")
    check.equal(err, "")


@test("sanitizers find nothing in fdtrail {}, used wrongly", each=[
    "", "nothing", "report", "report --format=none FILE", "report /nowhere", "report /", "report --snapshot=x /dev/null",
    "diff", "diff one two three", "check", "check --max-open=x /dev/null", "check --pid=0", "check --suppressions=/ /dev/null",
    "options more", "snapshot", "snapshot 0", "snapshot 99999999", "snapshot x", "help nothing"])
def _(line):
    out, err = sanitized(*line.split(), statuses=(2,))
    check.true(out or err, "it has said why")


@test("sanitizers find nothing in fdtrail run, and its status is the program's ({})", each=["preload", "ptrace"])
def _(engine):
    for words, status in ((["return"], 3), (["none"], 0)):
        _, err = sanitized("run", f"--engine={engine}", "--", program("ends"), *words, statuses=(status,))
        check.equal("leaks_files" in err, bool(status))
    sanitized("run", f"--engine={engine}", "--", "/nowhere/at/all", statuses=(127,))


@test("sanitizers find nothing in snapshot and check of a running process ({})", each=["traced", "untraced"])
def _(how):
    run = start_traced([program("ends"), "wait", 3], traced=how == "traced")
    wait_until(lambda: "buffered" in run.out, what="the program's line")
    for flags in ([], ["--raw"], ["--full", "--show=all"], ["--format=json"], ["--format=folded"], ["--format=html"], ["--outside"],
                  ["--count=2", "--interval=1"]):
        out, err = sanitized("snapshot", *flags, str(run.pid))
        check.true(out, "it has said something")
        check.equal(err, "")
    out, _ = sanitized("check", "--max-open=1", f"--pid={run.pid}", statuses=(1,))
    check.true(out, "it has said something")
    check.equal(run.status, None)


@test("report, diff and check open nothing for writing, and make, move and remove nothing")
def _():
    snapshot = temp_dir() / "snapshot"
    check.equal(run_traced([program("demo")], OUTPUT=snapshot, timeout=60).status, 0)
    calls = 0
    for line in ("report FILE", "report --format=json FILE", "diff FILE FILE", "check --max-open=0 FILE"):
        words = [str(snapshot) if word == "FILE" else word for word in line.split()]
        log = temp_dir() / "calls"
        subprocess.run([require("strace"), "-f", "-o", log, "-e", "trace=%file,ftruncate,connect", FDTRAIL, *words],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)
        # Names of functions are demangled in a process of its own, because hostile names may crash it.
        text = re.sub(r'^.*"/(dev/null|proc/self/oom_score_adj)".*\n', "", log.read_text(errors="replace"), flags=re.M)
        calls += text.count("\n")
        check.equal(re.findall(r"^.*(?:O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|ftruncate|rename|unlink|mkdir|mknod|symlink|linkat|"
                               r"truncate|chmod|chown|connect)\(?.*$", text, re.M), [], f"calls of {line} that write")
        check.contains(text, str(snapshot))
    ran("sanitizers", f"{calls} calls of report, diff and check that name a file, and none of them writes")


main()
