#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Calls that few programs make, each of which has a rule of its own in the hooks or in the ptrace engine."""

from support import check, main, program, run_traced, temp_dir, test

RARE = program("rare_calls")


def run(how, *words, status=0, **arguments):
    """Runs the program to its end. Returns the run, and the number that the program has left open."""
    found = run_traced([RARE, how, *words], **arguments)
    check.equal(found.status, status)
    number = int(found.out)
    check.at_least(number, 0, "descriptor")
    return found, number


def only(found, function, number):
    """Checks that the last snapshot lists this descriptor, opened there, and no other."""
    check.equal(found.last.group_of(function).fds, [number])
    check.equal(len(found.last.groups), 1)
    check.lacks(found.last.text, "not seen:")
    check.lacks(found.last.text, "at that moment")


@test("a close that a pending cancellation prevents closes nothing, and its descriptor is listed")
def _():
    found, number = run("cancelled_close")
    only(found, "leaks", number)


@test("syscall(SYS_exit_group) takes the last snapshot")
def _():
    found, number = run("exit_group", status=5)
    only(found, "leaks", number)
    check.matches(found.last.text, r"^why: (_?exit) with status 5\nend: \1$")


@test("a descriptor that syscall(SYS_dup3) puts over a number has its own stack")
def _():
    found, number = run("dup3")
    only(found, "copies_over", number)


@test("close_range with CLOSE_RANGE_CLOEXEC closes nothing now")
def _():
    found, number = run("range_cloexec")
    only(found, "leaks", number)


@test("signalfd on an existing descriptor opens none")
def _():
    found, number = run("signalfd")
    only(found, "makes_signalfd", number)
    check.contains(found.last.text, "  stack: 1 opened, 0 closed, 1 live")


@test("with a full table whose limit can be raised, no inherited descriptor is given up")
def _():
    found, _ = run("full_table", INHERITED=1)
    check.contains(found.last.text, "opened in leaks\n")
    check.lacks(found.last.text, "the descriptor table is full")
    check.matches(found.last.text, "^why: exit with status 0$")


@test("a process made by clone with CLONE_UNTRACED is traced")
def _():
    found, number = run("untraced")
    children = [taken for taken in found.all_snapshots if taken.pid != found.pid]
    check.equal(len(children), 1, "snapshots of the child")
    check.equal(children[0].group_of("leaks").fds, [number])


@test("a call through int 0x80 that fails opens nothing")
def _():
    found, number = run("i386_error")
    only(found, "leaks", number)


@test("a descriptor that a program puts at 2 by dup2 is its stderr from then on")
def _():
    path = temp_dir() / "errors"
    found, number = run("stderr", path, OUTPUT="stderr")
    check.equal(found.err, "")
    text = path.read_text()
    check.contains(text, "\nend of fdtrail snapshot, format 1\n")
    check.matches(text, rf"^    {number} device /dev/null, ")


main()
