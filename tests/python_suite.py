# SPDX-License-Identifier: MIT
"""CPython's own tests (Debian's libpython3.11-testsuite and its like) bare and traced: every single test must
have the same verdict."""

import json
import re

from support import PYTHON, check, ran, run_bare, run_traced, skip, temp_dir

# Runs tests by their names, or all of a module whose names match a regular expression, and writes each
# one's verdict to a file: what is printed is mixed with what the tests themselves print.
DRIVER = """\
import json, re, sys, unittest

path, pattern, *names = sys.argv[1:]
verdicts = {}

class Verdicts(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        verdicts[test.id()] = "did not end"
        self.failed = None

    def stopTest(self, test):
        super().stopTest(test)
        if self.failed:
            verdicts[test.id()] = self.failed

    def addSuccess(self, test):
        verdicts[test.id()] = "ok"

    def addSkip(self, test, reason):
        verdicts[test.id()] = "skipped"

    def addExpectedFailure(self, test, error):
        verdicts[test.id()] = "expected failure"

    def addUnexpectedSuccess(self, test):
        verdicts[test.id()] = "unexpected success"

    def addFailure(self, test, error):
        self.failed = verdicts[test.id()] = "failed"
        print(test.id(), self._exc_info_to_string(error, test), sep="\\n")

    def addError(self, test, error):
        self.failed = verdicts[test.id()] = "error"
        print(test.id(), self._exc_info_to_string(error, test), sep="\\n")

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.failed = "failed"
            print(subtest.id(), self._exc_info_to_string(error, test), sep="\\n")

def chosen(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from chosen(item)
        elif re.search(pattern, item.id()):
            yield item

unittest.TestSuite(chosen(unittest.defaultTestLoader.loadTestsFromNames(names))).run(Verdicts())
with open(path, "w") as file:
    json.dump(verdicts, file)
"""


def _verdicts(run, names, pattern, timeout):
    """Verdict by test of one run, and the run."""
    folder = temp_dir()
    driver, answers = folder / "driver.py", folder / "verdicts"
    driver.write_text(DRIVER, "utf-8")
    done = run([PYTHON, driver, answers, pattern, *names], cwd=folder, timeout=timeout)
    check.true(answers.exists(), f"the tests ran to their end: {done.status_text}")
    return json.loads(answers.read_text()), done


def suite(names, pattern=".", least=1, timeout=280, **options):
    """The tests of these modules whose names match, with these options of the tracer. One whose verdict differs is run once more bare and, if it
    has its first verdict again, once more traced: what differs twice, and only when traced, is ours."""
    if run_bare([PYTHON, "-c", f"import {', '.join(names)}"]).status != 0:
        skip("CPython's tests are not installed: scripts/setup test")
    # Some tests run children as other users.
    reports = temp_dir()
    reports.chmod(0o1777)

    def run_tests(words, **arguments):
        return run_traced(words, OUTPUT=reports / "report.%p", **options, **arguments)

    bare, _ = _verdicts(run_bare, names, pattern, timeout)
    traced, run = _verdicts(run_tests, names, pattern, timeout)
    check.equal(sorted(traced), sorted(bare), "names of the tests that were run")
    check.at_least(list(bare.values()).count("ok"), least, "tests that pass bare")
    differ = [name for name in bare if bare[name] != traced[name]]
    if differ:
        only = "^(" + "|".join(map(re.escape, differ)) + ")$"
        again, _ = _verdicts(run_bare, names, only, timeout)
        differ = [name for name in differ if again[name] == bare[name]]
    if differ:
        only = "^(" + "|".join(map(re.escape, differ)) + ")$"
        again, run = _verdicts(run_tests, names, only, timeout)
        check.equal({name: again[name] for name in differ}, {name: bare[name] for name in differ},
                    f"verdicts of tests: bare are expected\n{run.out[-6000:]}")
    check.lacks(run.err, "fdtrail")
    ran("real loads", f"CPython's {', '.join(names)}: {len(bare)} tests, {list(bare.values()).count('ok')} of them passed, "
        "bare and traced alike")
