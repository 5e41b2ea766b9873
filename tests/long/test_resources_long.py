#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A table that the program's own calls fill; this takes a minute and half a GiB."""

from support import check, main, program, ran, run_traced, test

# libfdtrail(7), LIMITS: stacks of opens and closes, and those of them that are of closes alone.
KEPT, OF_CLOSES = (1 << 20) - 2, 1 << 15


@test("more distinct stacks than are kept: the program goes on, and the snapshot counts the missing "
      "ones", timeout=1500)
def _():
    run = run_traced([program("resources"), "stacks", 1_100_000], timeout=1490)
    check.equal(run.status, 0)
    check.at_most(int(run.out), 768 * 1024, "KiB grown")
    # The last stack, which leaks, is one of those that were not kept.
    group = run.last.groups[0]
    check.contains(group.text, "note: The stack table was full when these were opened.")
    lacking = check.matches(run.last.text,
                            r"(?m)^  (\d+) opened when the stack table was full: their stacks are not known$")
    # Three more are main's own: two of reading the memory's size, and the one that leaks.
    check.equal(int(lacking[1]), 1_100_003 - (KEPT - OF_CLOSES), "openings without a stack")
    ran("resources", f"1100000 distinct stacks, {KEPT - OF_CLOSES} of which are kept: {int(run.out)} KiB")


main()
