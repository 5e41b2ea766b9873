#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The README says what is so: its options are those of the one table, its commands exist."""

import re

from support import SOURCE, check, main, test

OPTION = re.compile(r'OPTION\((\w+), \w+, "([^"]*)", "([^"]*)",\s*"([^"]*)"\)')


def options():
    return OPTION.findall((SOURCE / "preload/core/policy/options.list").read_text())


def readme():
    return (SOURCE / "README.md").read_text()


@test("the table of options is read whole")
def _():
    rows = (SOURCE / "preload/core/policy/options.list").read_text().count("\nOPTION(")
    check.equal(len(options()), rows)


@test("the README's table has every option, with its default, and no other")
def _():
    rows = dict(re.findall(r"^\| `FDTRAIL_(\w+)` \| (\S+) \|", readme(), re.MULTILINE))
    check.equal(rows, {name: default for name, default, _, _ in options()})


@test("the README says of every option what it is for and what is accepted")
def _():
    for _, _, accepted, purpose in options():
        check.contains(readme(), f"{purpose} ({accepted})")


@test("the commands that the README names are there")
def _():
    for command in set(re.findall(r"scripts/[\w-]+", readme())):
        check.equal((SOURCE / command).is_file(), True, command)


if __name__ == "__main__":
    main()
