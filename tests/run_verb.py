# SPDX-License-Identifier: MIT
"""`fdtrail run` in tests: shared by the tests of the command and of the channel from a traced process to it."""

import re

from support import BUILD, check, run_bare, start_traced, temp_dir

FDTRAIL = BUILD / "tools" / "fdtrail"


class Run:
    """fdtrail run with a TMPDIR of its own, to see what it leaves there."""

    def __init__(self, *command, options=(), start=False, env=None, tmp=None, **arguments):
        self.tmp = tmp or temp_dir()
        self.process = start_traced([FDTRAIL, "run", *options, "--", *command], traced=False,
                                    env={"TMPDIR": str(self.tmp), **(env or {})}, **arguments)
        if not start:
            self.process.wait()

    def __getattr__(self, name):
        return getattr(self.process, name)

    @property
    def left(self):
        return sorted(path.name for path in self.tmp.rglob("*"))


def per_test(*command, options=(), **arguments):
    """fdtrail run --per-test, with the report in .out behind the program's output."""
    run = run_bare([FDTRAIL, "run", "--per-test", "--report=-", *options, "--", *command], **arguments)
    check.equal(run.err, "")
    return run


def shares(text):
    """The descriptors that each test has left open, by a report of --per-test: {test: [(count, kind, function)]}."""
    found = {}
    for paragraph in re.split(r"\n\n(?=\d+ by )", text)[1:]:
        heading, *lines = paragraph.split("\n\n")[0].splitlines()
        found[heading.split(" by ", 1)[1]] = [re.match(r" +(\d+) (\w+?)s?[ ,].*?opened .*?in (\S+)", line).groups()
                                              for line in lines if line.strip()]
    return found
