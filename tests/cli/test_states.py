#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The report says which descriptors are of no use any more, or have never been of any."""

from support import BUILD, check, main, program, run_bare, test

FDTRAIL = BUILD / "tools" / "fdtrail"


@test("the report names {}", each=[
    ("pidfds of processes that have ended", "leaves_pidfd", "All are of processes that have ended."),
    ("inotify instances that watch nothing", "leaves_inotify", "2 of the 3 watch nothing."),
    ("sockets that were never used", "leaves_new_socket", "It was never bound or connected."),
    ("sockets that were shut down, and not closed", "leaves_half",
     "1 of the 2 was shut down, and not closed: shutdown() frees no descriptor.")])
def _(_kind, function, sentence):
    run = run_bare([FDTRAIL, "run", "--", program("states")])
    check.equal(run.status, 0)
    part = next(part for part in run.err.split("\n\n") if f"opened in {function} " in part.split("\n")[0])
    check.contains(part.split("\n"), f"   {sentence}")


main()
