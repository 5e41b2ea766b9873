# SPDX-License-Identifier: MIT
"""CPython's own tests (Debian's libpython3.11-testsuite and the like), bare and traced: every single test must
have the same verdict, at the end a snapshot must list the descriptors of /proc, and no wrong close is reported, but
those of tests that do it on purpose."""

import json
import re
import signal

import snapshot_text
from loads import tell_the_same
from support import PYTHON, check, ran, run_bare, run_traced, skip, temp_dir

# Frames of the tests that close wrongly: test_fileio's look at EBADF; TestEPoll.test_fromfd makes two objects of one
# number, and both close it; test_subprocess closes 0 to 2, where a forked child then opens a folder (before Python 3.10,
# which uses vfork). Before 3.11 functions have no qualified names.
WRONG_CLOSES = {
    "test.test_fileio": r"(AutoFileTests\.)?(ClosedFD|ReopenForRead|testErrnoOnClose)",
    "test.test_epoll": r"(TestEPoll\.)?test_fromfd",
    "test.test_subprocess": r"(\w+\.)?_check_swap_std_fds_with_one_closed",
}

# Runs tests by their names, or those of a module that match a regular expression, and writes their verdicts to a
# file, because the output is mixed with that of the tests. With a signal's number it sends that signal to itself
# when all tests have ended, for a snapshot, and writes the descriptors of /proc.
DRIVER = """\
import json, os, re, signal, sys, unittest

path, pattern, number, *names = sys.argv[1:]
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
table = {}
if int(number):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [int(number)])
    signal.signal(int(number), signal.SIG_IGN)
    signal.raise_signal(int(number))
    for name in os.listdir("/proc/self/fd"):
        try:
            table[name] = os.readlink("/proc/self/fd/" + name)
        except FileNotFoundError:
            pass  # the folder itself
with open(path, "w") as file:
    json.dump([verdicts, table], file)
"""


def _verdicts(run, names, pattern, timeout, number=0):
    """One run: verdict by test, the run itself, and, with a signal's number, the descriptors of /proc at its
end."""
    folder = temp_dir()
    driver, answers = folder / "driver.py", folder / "verdicts"
    driver.write_text(DRIVER, "utf-8")
    done = run([PYTHON, driver, answers, pattern, number, *names], cwd=folder, timeout=timeout)
    check.true(answers.exists(), f"the tests ran to their end: {done.status_text}")
    verdicts, table = json.loads(answers.read_text())
    return verdicts, done, {int(fd): link for fd, link in table.items()}


def _check_closes(reports, names):
    """Checks the misuses in these files. Returns how many were on purpose, and in how many processes."""
    on_purpose, texts = 0, [path.read_text("utf-8", "replace") for path in reports.iterdir()]
    allowed = "|".join(WRONG_CLOSES.get(name, "never") for name in names)
    for text in texts:
        misuses = [part for part in text.split("\n\n") if part.startswith("misuse ")]
        check.equal([part for part in misuses if not re.search(rf" in ({allowed})", part)], [], "wrong closes")
        on_purpose += len(misuses)
    return on_purpose, len(texts)


def suite(names, pattern=".", least=1, timeout=280, **options):
    """Runs the tests of these modules whose names match, with these options of the tracer. A test whose verdict
differs is run again bare and, if it has its first verdict again, again traced: only a difference in both,
and only traced, is fdtrail's."""
    if run_bare([PYTHON, "-c", f"import {', '.join(names)}"]).status != 0:
        skip("CPython's tests are not installed: scripts/setup test")
    # Some tests run children as other users.
    reports = temp_dir()
    reports.chmod(0o1777)

    def run_tests(words, **arguments):
        return run_traced(words, OUTPUT=reports / "report.%p", INHERITED=1, **options, **arguments)

    name = options.get("SIGNAL", "USR1")
    number = signal.SIGRTMIN + int(name.removeprefix("RTMIN+")) if name.startswith("RTMIN+") else signal.SIGUSR1
    bare, _, _ = _verdicts(run_bare, names, pattern, timeout)
    traced, run, table = _verdicts(run_tests, names, pattern, timeout, int(number))
    text = (reports / f"report.{run.pid}").read_text("utf-8", "replace")
    asked = [found for found in snapshot_text.parse_all(text) if found.why.endswith(f" from process {run.pid}, the program's own signal")]
    check.at_least(len(asked), 1, "snapshots that were asked for")
    tell_the_same(asked[-1], table)
    check.equal(sorted(traced), sorted(bare), "names of the tests that were run")
    check.at_least(list(bare.values()).count("ok"), least, "tests that pass bare")
    differ = [name for name in bare if bare[name] != traced[name]]
    if differ:
        only = "^(" + "|".join(map(re.escape, differ)) + ")$"
        again, _, _ = _verdicts(run_bare, names, only, timeout)
        differ = [name for name in differ if again[name] == bare[name]]
    if differ:
        only = "^(" + "|".join(map(re.escape, differ)) + ")$"
        again, run, _ = _verdicts(run_tests, names, only, timeout)
        check.equal({name: again[name] for name in differ}, {name: bare[name] for name in differ},
                    f"verdicts of tests: bare are expected\n{run.out[-6000:]}")
    check.lacks(run.err, "fdtrail")
    on_purpose, processes = _check_closes(reports, names)
    ran("no wrong close", f"CPython's {', '.join(names)}: snapshots of {processes} processes, "
        f"{on_purpose or 'no'} wrong closes, {'all on purpose' if on_purpose else 'none expected'}")
    ran("real loads", f"CPython's {', '.join(names)}: {len(bare)} tests, {list(bare.values()).count('ok')} of them passed, "
        "bare and traced alike; the snapshot at their end is what /proc has")
