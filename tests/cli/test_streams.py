#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Descriptors that belong to an object of the C library, and signals that a spawned program inherits."""

from support import check, main, program, run_bare, run_traced, test


def leaked_by(what, function):
    """The only group that the program leaves."""
    run = run_traced([program("streams"), what])
    check.equal(run.status, 0)
    check.equal(len(run.last.groups), 1, "groups")
    check.contains(run.last.groups[0].functions, function)
    return run.last.groups[0]


@test("a descriptor that became a stream has the note that fclose closes it")
def _():
    check.contains(leaked_by("fdopen", "makes_a_stream_of_a_number").text, "fclose() closes it")


@test("a descriptor that became a directory stream has the note that closedir closes it")
def _():
    check.contains(leaked_by("fdopendir", "makes_a_dir_stream_of_a_number").text, "closedir() closes it")


@test("a command's pipe has the note that pclose closes it")
def _():
    check.contains(leaked_by("popen", "leaves_a_command").text, "pclose() closes it")


@test("fcloseall is trusted only as far as the kernel confirms it")
def _():
    leaked_by("fcloseall", "closes_all_streams")


@test("a signal that the program ignores is ignored in a program that it spawns")
def _():
    bare, traced = run_bare([program("streams"), "spawn"]), run_traced([program("streams"), "spawn"])
    check.contains(bare.out, "SigIgn")
    check.equal(traced.out, bare.out)


main()
