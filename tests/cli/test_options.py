#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The options: which values are accepted, what is printed about others, and what each option changes."""

import re

from support import SOURCE, check, main, program, run_traced, test

ROWS = re.findall(r'^OPTION\((\w+), \w+, "(.*?)", "(.*?)",',
                  (SOURCE / "preload" / "core" / "policy" / "options.list").read_text(), re.MULTILINE)
STANDARD = {name: standard for name, standard, _ in ROWS}
ACCEPTED = {name: accepted for name, _, accepted in ROWS}

GOOD = {
    "OUTPUT": ["stderr", "/tmp/fdtrail-%p-%e-%n-%t-%h-%%"],
    "SIGNAL": ["USR1", "SIGUSR1", "10", "none", "RTMIN", "RTMIN+2", "64"],
    "KINDS": ["all", "tcp", "sockets,pipe", "file,device"], "EXIT": ["0", "1"],
    "EXITCODE": ["0", "255"], "EMFILE": ["0", "1"],
    "THRESHOLD": ["0", "1000", "50%", "100%", "0%"], "INTERVAL": ["0", "3600"],
    "ARM": ["0", "1000", "50%"],
    "DEPTH": ["1", "256"], "SHOW": ["0", "7", "all", "auto"], "INHERITED": ["0", "1"], "PEAKS": ["0", "1"],
    "EXEC_STACKS": ["0", "1"],
    "REDACT": ["0", "1"], "MARK_FILE": ["none"],
    "CLOSERS": ["0", "64"], "USED_BY": ["off", "before", "all"], "MISUSE": ["off", "report", "abort"], "SPREAD": ["0", "1"],
    "ONLY": ["*", "end?", "nginx,en*"], "VERBOSE": ["0", "1"]}
BAD = {
    "OUTPUT": ["", "/tmp/%x", "/tmp/%"],
    "SIGNAL": ["", "KILL", "9", "SIGSTOP", "0", "32", "33", "65", "-1", "usr1", "SIGNONE", "RTMIN+99", "11"],
    "KINDS": ["", "tpc", "tcp,", ",tcp", "tcp udp"], "EXIT": ["", "2", "yes", "01"],
    "EXITCODE": ["", "256", "-1", "1x", "99999999999999999999999"], "EMFILE": ["", "on"],
    "THRESHOLD": ["", "101%", "%", "x", "-5", "5 %", "99999999999"], "INTERVAL": ["", "1s", "0.5", "-1"],
    "ARM": ["", "101%", "x", "-5"],
    "DEPTH": ["", "0", "257", "x"], "SHOW": ["", "some", "-1"], "INHERITED": ["", "2"], "PEAKS": ["", "2"],
    "EXEC_STACKS": ["", "2"],
    "REDACT": ["", "2"], "MARK_FILE": ["", "marks", "./marks"],
    "CLOSERS": ["", "65", "x"], "USED_BY": ["", "1", "All"], "MISUSE": ["", "on", "1"], "SPREAD": ["", "2"],
    "ONLY": [""], "VERBOSE": ["", "yes"]}


def cases(table):
    return [(name, value) for name, values in table.items() for value in values]


def shown(run):
    return [line for line in run.err.splitlines() if line.startswith("fdtrail: ")]


@test("every option is tried here, with good values and with bad ones")
def _():
    check.equal(sorted(GOOD), sorted(STANDARD))
    check.equal(sorted(BAD), sorted(STANDARD))


@test("FDTRAIL_{}={} is accepted silently", each=[case for case in cases(GOOD) if case[0] != "VERBOSE"])
def _(name, value):
    run = run_traced([program("ends"), "none"], **{name: value})
    check.equal((run.status, run.err), (0, ""))


@test("FDTRAIL_{}={} prints one line with the accepted values, and the default is used",
      each=cases(BAD))
def _(name, value):
    run = run_traced([program("ends"), "none"], **{"OUTPUT": "stderr", name: value})
    check.equal(run.status, 0)
    check.equal(len(run.err.splitlines()), 1, "lines on stderr")
    check.contains(run.err, f"fdtrail: FDTRAIL_{name}=")
    check.contains(run.err, value)
    check.contains(run.err, ACCEPTED[name])
    check.contains(run.err, f"using {STANDARD[name]}")


@test("a path that is too long prints one line, too")
def _():
    run = run_traced([program("ends"), "none"], OUTPUT="/" + "x" * 5000)
    check.equal((run.status, len(run.err.splitlines())), (0, 1))
    check.contains(run.err, "FDTRAIL_OUTPUT=")


@test("an option that does not exist prints one line that names it and the existing ones")
def _():
    run = run_traced([program("ends"), "none"], SINGAL="USR2")
    check.equal(run.status, 0)
    check.equal(len(run.err.splitlines()), 1, "lines on stderr")
    check.contains(run.err, "FDTRAIL_SINGAL")
    for name in STANDARD:
        check.contains(run.err, name)


@test("a value cannot drive the terminal")
def _():
    run = run_traced([program("ends"), "none"], KINDS="\x1b[2J\n")
    check.equal(len(run.err.splitlines()), 1, "lines on stderr")
    check.lacks(run.err, "\x1b")


@test("FDTRAIL_VERBOSE=1 prints each option in force, one a line, and a snapshot at the end")
def _():
    run = run_traced([program("ends"), "none"], VERBOSE=1, DEPTH=7)
    lines = shown(run)
    check.equal([line.split("FDTRAIL_")[1].split("=")[0] for line in lines], list(STANDARD))
    check.matches(run.err, "FDTRAIL_DEPTH=7$")
    check.matches(run.err, r"FDTRAIL_SHOW=auto \(default\)$")
    check.equal(len(run.snapshots), 1)


@test("FDTRAIL_KINDS={}: the file that stays open is counted or not", each=[
    ("device", True), ("all", True), ("tcp,device", True), ("file", False), ("sockets", False)])
def _(kinds, listed):
    run = run_traced([program("ends"), "return"], KINDS=kinds)
    check.equal(bool(run.snapshots), listed, "a snapshot at the end")


@test("FDTRAIL_SHOW={}: {} of 9 are listed, and the count is complete",
      each=[("0", 0), ("4", 4), ("all", 9), ("auto", 9)])
def _(value, count):
    run = run_traced([program("ends"), "return", 9], SHOW=value)
    group = run.last.groups[0]
    check.equal((group.count, len(group.descriptors)), (9, count))
    if count < 9:
        check.contains(group.text, f"and {9 - count} more")


@test("on stderr the first 5 of a group are listed")
def _():
    run = run_traced([program("ends"), "return", 9], OUTPUT="stderr")
    check.equal(len(run.last.groups[0].descriptors), 5)


@test("FDTRAIL_INHERITED=1 lists the descriptors that the program was started with")
def _():
    check.lacks(run_traced([program("ends"), "return"]).last.descriptors, 0)
    run = run_traced([program("ends"), "return"], INHERITED=1)
    check.contains(run.last.descriptors, 0)
    check.contains(run.last.text, "inherited")


@test("FDTRAIL_ONLY={}: traced is {}", each=[("ends", True), ("e*", True), ("x,end?", True),
                                             ("nginx", False), ("end", False), ("*x", False)])
def _(only, traced):
    run = run_traced([program("ends"), "return"], ONLY=only)
    check.equal((run.status, bool(run.snapshots), run.err), (3, traced, ""))


@test("FDTRAIL_ONLY leaves other programs alone, with bad options and signals, too")
def _():
    run = run_traced([program("ends"), "return"], ONLY="nginx", DEPTH="x", NONSENSE=1, OUTPUT="stderr")
    check.equal((run.status, run.err), (3, ""))


@test("FDTRAIL_DEPTH=1 cuts the stack and says so")
def _():
    run = run_traced([program("ends"), "return"], DEPTH=1)
    check.equal(run.last.groups[0].functions, ["leaks_files"])
    check.matches(run.last.groups[0].text, "(?i)deep|cut|FDTRAIL_DEPTH")


main()
