#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CPython's own tests of sockets and of child processes, bare and under the tracer: the same verdicts."""

import subprocess

from support import PYTHON, check, main, ran, run_bare, run_traced, skip, temp_dir, test

RUNNER = """
import importlib, sys, unittest

class Verdicts(unittest.TestResult):
    def __init__(self, file):
        super().__init__()
        self.file = file
    def say(self, test, verdict):
        print(test.id(), verdict, file=self.file, flush=True)
    def addSuccess(self, test): self.say(test, "ok")
    def addError(self, test, error): self.say(test, "error " + error[0].__name__)
    def addFailure(self, test, error): self.say(test, "failure")
    def addSkip(self, test, reason): self.say(test, "skipped")
    def addExpectedFailure(self, test, error): self.say(test, "fails as expected")
    def addUnexpectedSuccess(self, test): self.say(test, "succeeds unexpectedly")

module = importlib.import_module(sys.argv[1])
with open(sys.argv[2], "w") as file:
    unittest.defaultTestLoader.loadTestsFromModule(module).run(Verdicts(file))
"""


def verdicts(start, module, **arguments):
    folder = temp_dir()
    run = start([PYTHON, "-c", RUNNER, module, folder / "verdicts"], cwd=folder, timeout=800, **arguments)
    check.equal(run.status, 0, run.err[-2000:])
    return sorted((folder / "verdicts").read_text().splitlines())


@test("{}: every test has the verdict that it has bare", each=["test.test_socket", "test.test_subprocess"],
      timeout=1700)
def _(module):
    if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode != 0:
        skip("CPython's tests are not installed: scripts/setup test")
    # Where the machine itself makes a verdict waver, the bare one wavers, too.
    bare = [verdicts(run_bare, module) for _ in range(2)]
    steady = [line for line in bare[0] if line in bare[1]]
    check.at_least(len(steady), len(bare[0]) - 5, "tests whose verdict is the same in two bare runs")
    traced = verdicts(run_traced, module)
    check.equal([line for line in steady if line not in traced], [], "verdicts that are others when traced")
    passed = sum(line.endswith(" ok") for line in steady)
    ran("python", f"{module}: {len(steady)} tests, {passed} passed, the same bare and traced")


main()
