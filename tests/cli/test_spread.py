#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""FDTRAIL_SPREAD gives numbers out late again, so that stale uses are found, and changes nothing else that a program
relies on."""

from support import BUILD, check, main, program, run_bare, run_traced, test

FDTRAIL = str(BUILD / "tools" / "fdtrail")


def words(way, **options):
    run = run_traced([program("spread"), way], **options)
    check.equal(run.status, 0)
    return run.out.split()


@test("a second close that would hit another descriptor fails, and is reported as a double close")
def _():
    run = run_traced([program("spread"), "stale"], VERBOSE=1)
    check.equal(run.out, "closed\n", "without the option the second close hits the other socket")
    check.lacks(run.last.text, "\nmisuse ")
    run = run_traced([program("spread"), "stale"], SPREAD=1)
    check.equal(run.out, "open\n")
    check.matches(run.last.text, r"(?m)^misuse 1: double close of \d+, in closes_again$")
    done = run_bare([FDTRAIL, "run", "--spread", "--max-misuse=0", "--", program("spread"), "stale"])
    check.equal(done.status, 1)
    check.contains(done.err, "wrong closes: 1 double close")


@test("numbers of {} are not given out again at once", each=["sockets", "pipes"])
def _(way):
    def numbers(**options):
        return [word for word in words(way, **options) if word.isdigit()]
    check.true(len(set(numbers())) < len(numbers()), "the kernel gives the same numbers again")
    check.equal(len(set(numbers(SPREAD=1))), len(numbers()))
    if way == "pipes":
        check.equal(words(way, SPREAD=1).count("x"), 3, "each pipe is whole")


@test("{} are what they are without the option", each=[
    ("numbers of files, of streams, of 0, and of dup2's and F_DUPFD's copies", "kept"),
    ("flags of close-on-exec", "flags"), ("POSIX locks", "lock"), ("the number of sockets up to EMFILE", "limit")])
def _(_what, way):
    bare = run_bare([program("spread"), way])
    check.equal(bare.status, 0)
    check.equal(words(way, SPREAD=1), bare.out.split())
    if way == "lock":
        check.equal(bare.out, "locked\n")


@test("where ptrace traces the program, a line says that the numbers stay")
def _():
    done = run_bare([FDTRAIL, "run", "--engine=ptrace", "--spread", "--", program("spread"), "sockets"])
    check.equal(done.status, 0)
    check.contains(done.err, "--spread has no effect on ")
    check.lacks(run_bare([FDTRAIL, "run", "--engine=ptrace", "--", program("spread"), "sockets"]).err, "--spread")


@test("snapshots have the stacks of moved descriptors, and nothing that an untraced call opened")
def _():
    run = run_traced([program("spread"), "flags"], SPREAD=1)
    check.equal([group.functions[0] for group in run.last.groups], ["opens", "opens"])
    check.lacks(run.last.text, "untraced call")


main()
