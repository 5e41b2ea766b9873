#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What can't be looked at is never taken for closed: processes whose /proc may not be read, or who have
none; and numbers that are the tracer's own."""

import itertools
import os
import shutil

import snapshot_text
from support import (BUILD, check, main, program, run_bare, run_traced, skip, start_traced, temp_dir, test,
                     wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"
NOBODY = 65534


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def readable(*paths):
    """Copies that every user can read, in a folder that every user can write to."""
    if os.geteuid() != 0:
        skip("only root can become another user")
    folder = temp_dir()
    folder.chmod(0o1777)
    for path in paths:
        shutil.copy(path, folder)
        (folder / path.name).chmod(0o755)
    return folder


@test("0, 1 and 2 closed ({}): nothing of fdtrail's is listed as the program's",
      each=["".join(map(str, numbers)) for size in (1, 2, 3) for numbers in itertools.combinations(range(3), size)])
def _(closed):
    def close():
        for number in closed:
            os.close(int(number))

    run = run_traced([program("ends"), "return", 0], preexec=close, VERBOSE=1, INHERITED=1)
    check.equal(run.status, 3)
    check.equal(run.last.fields["unclosed"], f"0; {3 - len(closed)} inherited")
    check.equal(sorted(run.last.descriptors), [number for number in range(3) if str(number) not in closed])
    run = run_traced([program("ends"), "return", 4], preexec=close)
    check.equal(run.last.group_of("leaks_files").count, 4)
    check.equal(sorted(run.last.descriptors), sorted(run.last.group_of("leaks_files").fds))


@test("0, 1 and 2 closed ({}): `fdtrail snapshot` lists nothing of fdtrail's as the program's", each=["0", "2", "02"])
def _(closed):
    def close():
        for number in closed:
            os.close(int(number))

    run = start_traced([program("ends"), "wait", 0], preexec=close, INHERITED=1, engine="preload")
    wait_until(lambda: run.out, what="the program's line")
    asked = run_bare([FDTRAIL, "snapshot", "--raw", run.pid])
    check.equal(asked.status, 0)
    snapshot = snapshot_text.parse_all(asked.out)[-1]
    check.equal(snapshot.fields["unclosed"], f"0; {3 - len(closed)} inherited")
    check.equal(sorted(snapshot.descriptors), [fd for fd in range(3) if str(fd) not in closed])


main()
