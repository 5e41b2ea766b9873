# SPDX-License-Identifier: MIT
"""`fdtrail run` in tests: shared by the tests of the command and of the channel from a traced process to it."""

from support import BUILD, start_traced, temp_dir

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
