#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Descriptors that io_uring opens."""

import errno

from support import BUILD, check, main, program, run_bare, run_traced, skip, test

FDTRAIL = BUILD / "tools" / "fdtrail"


def numbers(out):
    if out.startswith("refused"):
        check.true(int(out.split()[1]) in (errno.ENOSYS, errno.EPERM), f"refused for a good reason: {out}")
        skip("the kernel has no io_uring for this user")
    return [int(word) for word in out.split()]


@test("a descriptor opened by io_uring is listed with the ring; the ring's line counts its direct descriptors")
def _():
    run = run_traced([program("ring")])
    check.equal(run.status, 0)
    ring, fd = numbers(run.out)
    rings = run.last.group_of("opens_ring")
    check.equal((rings.kind, rings.fds), ("io_uring", [ring]))
    check.contains(rings.text, f"\n    {ring} io_uring, direct descriptors 1, age ")
    group = next(group for group in run.last.groups if fd in group.fds)
    check.contains(group.sentence, "opened by an untraced call")
    check.contains(group.text, "\n  note: io_uring may have opened them, without a call that a hook sees: descriptor "
                               f"{ring} is a ring.\n")


@test("the report says that io_uring may have opened what no hook saw")
def _():
    run = run_bare([FDTRAIL, "run", "--", program("ring")])
    ring, _fd = numbers(run.out)
    check.contains(" ".join(run.err.split()), f"io_uring may have opened them, without a call that a hook sees: descriptor "
                                              f"{ring} is a ring.")


main()
