# SPDX-License-Identifier: MIT
"""Shared by the tests written in Python: a registry that prints TAP, checks that print the actual values,
programs run under the tracer, and their snapshots, parsed.

    from support import check, main, program, run_traced, test

    @test("a leaked socket is listed with the function that opened it")
    def _():
        run = run_traced([program("leak_socket")])
        check.equal(run.status, 0)
        check.contains(run.last.groups[0].functions, "leak_socket")

    main()

Nothing here outlives its test: its processes, with all their descendants, and its folders are gone
before the next test begins. README.md beside this file describes everything.
"""

import ctypes
import functools
import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import snapshot_text
from loopback import free_port, listens

TESTS = Path(__file__).resolve().parent
SOURCE = TESTS.parent
# Not FDTRAIL_BUILD: the tracer would take it for an option of its own that it does not know.
BUILD = Path(os.environ.get("TEST_BUILD", SOURCE / "build")).resolve()
LIBRARY = Path(os.environ.get("TEST_LIBRARY", BUILD / "preload" / "libfdtrail.so"))
PYTHON = "/usr/bin/python3"  # a real interpreter; the one on PATH may be a script that starts it

# Variables that meson test and this module set; no program under test may see them.
_OURS = {"LD_PRELOAD", "LD_LIBRARY_PATH", "MALLOC_PERTURB_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE",
         "TEST_BUILD", "TEST_ENGINE", "TEST_LIBRARY", "TEST_SEED"}

# The engine that traces: preload, or one of `fdtrail run --engine=`: ptrace or planted.
ENGINE = os.environ.get("TEST_ENGINE", "preload")

PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None, use_errno=True)


# The registry

_tests = []
_runs = []  # of the current test, for its diagnostics
_folders = []


class Failed(AssertionError):
    """A check that failed."""


class Skip(Exception):
    """The test cannot run here."""


class OutOfTime(Exception):
    """The test took longer than its timeout."""


def test(promise, each=None, timeout=60):
    """Registers a test under the promise that it keeps. With each, the function is called once for
    every item (a tuple's members are its arguments) and every call is a check of its own, named by
    promise.format(item)."""

    def register(function):
        for case in [()] if each is None else each:
            arguments = case if isinstance(case, tuple) else (case,)
            _tests.append((promise.format(*arguments) if arguments else promise,
                           function, arguments, timeout))
        return function

    return register


def skip(reason):
    """Leaves the current test as skipped."""
    raise Skip(reason)


def main():
    """Runs the tests, or those whose promises contain one of the program's arguments; prints TAP."""
    words = sys.argv[1:]
    tests = [t for t in _tests if not words or any(word in t[0] for word in words)]
    if words and not tests:
        print(f"no promise here contains any of: {', '.join(words)}", file=sys.stderr)
        sys.exit(2)
    if LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        print("Bail out! prctl(PR_SET_CHILD_SUBREAPER) failed", flush=True)
        sys.exit(1)
    signal.signal(signal.SIGALRM, _out_of_time)
    # A shell without job control starts background programs with these signals ignored, and programs inherit that.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (promise, function, arguments, timeout) in enumerate(tests, 1):
        name = promise.replace("#", "\\#")
        details = None
        try:
            signal.alarm(timeout)
            function(*arguments)
            result = f"ok {number} - {name}"
        except Skip as why:
            result = f"ok {number} - {name} # SKIP {why}"
        except Exception as error:
            signal.alarm(0)
            failed += 1
            result = f"not ok {number} - {name}"
            details = _details(error, timeout)
        finally:
            signal.alarm(0)
            _clean_up()
        print(result)
        for line in details or []:
            print(f"# {line}".encode(errors="backslashreplace").decode())
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


def _out_of_time(number, frame):
    raise OutOfTime()


def _details(error, timeout):
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename != __file__:
            lines.append(f"{os.path.basename(frame.filename)}:{frame.lineno}: {frame.line}")
    if isinstance(error, OutOfTime):
        lines.append(f"it took longer than {timeout} s")
    elif isinstance(error, Failed):
        lines += str(error).splitlines()
    else:
        lines += f"{type(error).__name__}: {error}".splitlines()
    for run in _runs[-3:]:
        lines.append(f"-- {' '.join(run.argv)}: {run.status_text}")
        for title, text in [("stdout", run.out), ("stderr", run.err), *run.reports.items()]:
            shown = text.splitlines()
            if shown:
                lines.append(f"-- its {title}" + (", the last 60 lines" if len(shown) > 60 else ""))
                lines += shown[-60:]
    return lines


def _clean_up():
    """Ends all descendants. Orphans are children of this process, because it is their subreaper."""
    while True:
        children = leftovers()
        if not children:
            break
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                pass
    _runs.clear()
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


def leftovers():
    """The pids of this process' children, including adopted orphans and zombies. Empty once a program and all
that it started have ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # After the name in brackets, which may hold anything: state, parent. proc_pid_stat(5).
            parent = path.read_text(errors="replace").rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == os.getpid():
            found.append(int(path.parent.name))
    return found


# Checks

class check:
    """Each function raises Failed, with the expected and the actual value, unless the check holds."""

    @staticmethod
    def equal(actual, expected, what=""):
        if actual != expected:
            raise Failed(f"{what or 'value'}\n  expected: {expected!r}\n  actual:   {actual!r}")

    @staticmethod
    def true(condition, what):
        if not condition:
            raise Failed(f"not so: {what}")

    @staticmethod
    def at_most(actual, limit, what=""):
        if not actual <= limit:
            raise Failed(f"{what or 'value'}\n  at most: {limit!r}\n  actual:  {actual!r}")

    @staticmethod
    def at_least(actual, limit, what=""):
        if not actual >= limit:
            raise Failed(f"{what or 'value'}\n  at least: {limit!r}\n  actual:   {actual!r}")

    @staticmethod
    def contains(whole, part, what=""):
        if part not in whole:
            raise Failed(f"{what or 'value'} lacks {part!r}\n{_indent(whole)}")

    @staticmethod
    def lacks(whole, part, what=""):
        if part in whole:
            raise Failed(f"{what or 'value'} has {part!r}\n{_indent(whole)}")

    @staticmethod
    def matches(text, pattern, what=""):
        """Checks that the regular expression matches somewhere in text; ^ and $ match at lines."""
        found = re.search(pattern, text, re.MULTILINE)
        if not found:
            raise Failed(f"{what or 'text'} does not match {pattern!r}\n{_indent(text)}")
        return found


def _indent(value):
    text = value if isinstance(value, str) else repr(value)
    return "\n".join("  | " + line for line in text.splitlines()[-60:])


# Running programs

class Process:
    """A program that was started, under the tracer or bare. See start_traced."""

    def __init__(self, argv, *, traced=True, engine=None, env=None, stdin=None, cwd=None, preload=(),
                 timeout=30, pass_fds=(), preexec=None, **options):
        # Before Python 3.11 the text of signal.SIGUSR1 is its name.
        self.argv = [str(int(word) if isinstance(word, int) else word) for word in argv]
        self.timeout = timeout
        self.dir = temp_dir()
        self._out, self._err = self.dir / "stdout", self.dir / "stderr"
        self._process = None
        number = options.get("SIGNAL", "USR1")
        self._signal = number if isinstance(number, int) else getattr(signal, "SIG" + number, None)

        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("FDTRAIL_") and name not in _OURS}
        libraries = [str(library) for library in preload]
        command = self.argv
        if traced and (engine or ENGINE) in ("ptrace", "planted"):
            environment["TRACE_ENGINE"] = engine or ENGINE
            path = shutil.which(self.argv[0], path=environment.get("PATH"))
            command = [str(BUILD / "tests" / "trace"), path or self.argv[0], *self.argv[1:]]
        elif traced:
            libraries.append(str(LIBRARY))
        if traced:
            options.setdefault("OUTPUT", self.dir / "report.%p")
        if libraries:
            environment["LD_PRELOAD"] = ":".join(libraries)
        for name, value in options.items():
            if name != name.upper():
                raise TypeError(f"no such argument: {name}")
            if value is not None:
                environment["FDTRAIL_" + name] = str(value)
        environment.update(env or {})

        # Files, not pipes, so that nobody has to read while the program runs.
        with open(self._out, "ab") as out, open(self._err, "ab") as err:
            self._process = subprocess.Popen(
                command, env=environment, cwd=cwd, stdout=out, stderr=err, pass_fds=pass_fds,
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                start_new_session=True, preexec_fn=preexec)
        _runs.append(self)
        self.pid = self._process.pid
        if stdin is not None:
            try:
                self._process.stdin.write(stdin if isinstance(stdin, bytes) else stdin.encode())
                self._process.stdin.close()
            except BrokenPipeError:
                pass  # the program does not read its input

    @property
    def status(self):
        """The exit status, minus the signal that ended it, or None while it runs."""
        return self._process.poll()

    @property
    def status_text(self):
        status = self.status
        if status is None:
            return "still running"
        return f"ended by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"

    @property
    def out(self):
        """Its output on stdout so far."""
        return _read(self._out)

    @property
    def err(self):
        """Its output on stderr so far."""
        return _read(self._err)

    @property
    def reports(self):
        """Text by file name: the snapshots of it and its children in the default place of OUTPUT."""
        return {path.name: _read(path) for path in sorted(self.dir.glob("report.*"))}

    @property
    def all_snapshots(self):
        """The complete snapshots so far: of this process and of those that it forked."""
        return [found for text in [self.err, *self.reports.values()]
                for found in snapshot_text.parse_all(text)]

    @property
    def snapshots(self):
        """The complete snapshots so far of this process itself, oldest first."""
        return [found for found in self.all_snapshots if found.pid == self.pid]

    @property
    def last(self):
        """The newest snapshot of this process; fails if there is none."""
        found = self.snapshots
        check.true(found, f"{self.argv[0]} has written a snapshot")
        return found[-1]

    def send(self, number):
        self._process.send_signal(number)

    def snapshot(self, timeout=10):
        """Sends the running program the signal for a snapshot, and returns the snapshot."""
        before = len(self.snapshots)
        self.send(self._signal)

        def arrived():
            check.true(self.status is None or len(self.snapshots) > before,
                       f"{self.argv[0]} runs on after {self._signal.name}")
            return self.snapshots[before:]

        return wait_until(arrived, timeout, "a new snapshot")[0]

    def wait(self, timeout=None):
        """Waits until it ends, then returns itself."""
        try:
            self._process.wait(timeout or self.timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.argv[0]} has not ended within {timeout or self.timeout} s") from None
        return self


def start_traced(argv, **arguments):
    """Starts a program under the tracer and returns its Process at once.

    UPPER_CASE arguments are the tracer's options: SIGNAL="USR2" sets FDTRAIL_SIGNAL; None leaves one
    unset. OUTPUT goes to a file of the test's own unless it is given. Others: env (more variables),
    stdin (text or bytes; default /dev/null), cwd, preload (libraries before the tracer), timeout (of wait),
    pass_fds, preexec (called in the child before exec), traced (False: without the tracer), engine
    ("preload", "ptrace" or "planted"; default: the test run's, see TEST_ENGINE).
    """
    return Process(argv, **arguments)


def run_traced(argv, **arguments):
    """Runs a program under the tracer to its end. Arguments as for start_traced."""
    return start_traced(argv, **arguments).wait()


def run_bare(argv, **arguments):
    """The same without the tracer, to compare."""
    return run_traced(argv, traced=False, **arguments)


def _read(path):
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except FileNotFoundError:
        return ""


# Programs

# Ways to compile that matter in the field; a variant's name is words of this table joined by "-".
_WORDS = {
    "gcc": [], "clang": [],
    "nopie": ["-no-pie", "-fno-pie"],
    "stripped": ["-s"],
    "fp": ["-fno-omit-frame-pointer"],
    "O0": ["-O0"],
    "lfs": ["-D_FILE_OFFSET_BITS=64"],
    "fortify": ["-D_FORTIFY_SOURCE=2"],
    "static": ["-static"],
    "m32": ["-m32"],
    "asan": ["-fsanitize=address"],
    "tsan": ["-fsanitize=thread"],
}
# The variants for tests of stacks: @test("... ({})", each=VARIANTS).
VARIANTS = [f"{compiler}{pie}{stripped}" for compiler in ("gcc", "clang")
            for pie in ("", "-nopie") for stripped in ("", "-stripped")]


def program(name, variant=None):
    """The path of tests/programs/NAME.c or NAME.cpp, built. Without variant: as meson builds it."""
    if variant is None:
        for built in (BUILD / "tests" / "programs" / name, BUILD / "tests" / "programs" / f"{name}.so"):
            if built.exists():
                return str(built)
        raise Failed(f"tests/programs/{name} has not been built")
    for source in (TESTS / "programs" / f"{name}.c", TESTS / "programs" / f"{name}.cpp"):
        if source.exists():
            return compile_program(source, variant)
    raise Failed(f"there is no tests/programs/{name}.c or .cpp")


def helper(name):
    """The path of tests/helpers/NAME.c, built: a program over the rooms of tools/ and preload/."""
    return str(BUILD / "tests" / f"helper-{name}")


def compile_program(source, variant="gcc", flags=()):
    """Compiles one C or C++ file with the words of a variant, and flags; returns the program's path.
    Kept in the build folder until the source changes."""
    source = Path(source)
    words = variant.split("-")
    compiler = words[0]
    if source.suffix == ".cpp":
        compiler = {"gcc": "g++", "clang": "clang++"}[compiler]
    arguments = ["-O2", "-g", "-fomit-frame-pointer", "-pthread"]
    arguments += [flag for word in words for flag in _WORDS[word]] + list(flags)
    name = "-".join([source.stem, variant, *(re.sub(r"\W", "", flag) for flag in flags)])
    if len(name) > 100:
        name = name[:60] + "-" + hashlib.sha256(name.encode()).hexdigest()[:16]  # NAME_MAX
    target = BUILD / "tests" / "variants" / name
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f"{name}.{os.getpid()}")
        done = subprocess.run([require(compiler), *arguments, "-o", fresh, source, "-ldl"],
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{compiler} cannot build {name}\n{done.stderr}")
        fresh.rename(target)
    return str(target)


# The usual ways to build Go programs: tests/programs/go/build.
GO_VARIANTS = ["default", "nocgo", "stripped", "trimpath", "pie"]


def go_program(name, variant="default"):
    """The path of a program of tests/programs/go/, built in one of the ways of its build script; kept in the
build folder until a source changes. Skips the test if Go is not installed."""
    require("go")
    done = subprocess.run([TESTS / "programs" / "go" / "build", BUILD / "tests" / "go", variant],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    too_old = re.search(r"module requires Go (1\.\d+)", done.stderr)
    if too_old:
        skip(f"the programs need Go {too_old[1]}")
    if done.returncode != 0:
        raise Failed(f"go cannot build the programs ({variant})\n{done.stderr}")
    return str(Path(done.stdout.strip()) / name)


def require_go(version):
    """The path of the go command; skips the test if it is older than this version, as in "1.19", which the test's
Go code needs, or missing."""
    go = require("go")
    found = re.search(r"go1\.(\d+)", subprocess.run([go, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout)
    if found and int(found[1]) < int(version.split(".")[1]):
        skip(f"the programs need Go {version}")
    return go


def require(name):
    """The path of an installed program, in the system folders too; skips the test if it is missing."""
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/local/sbin:/usr/sbin:/sbin")
    if path is None:
        skip(f"{name} is not installed: scripts/setup test")
    return path


@functools.cache
def require_frames(name, arguments, known, told):
    """The path of an interpreter whose frames fdtrail knows. With the arguments it prints its version; known: versions,
as in "3.1". For another one, checks that the snapshot tells what this pattern matches, and skips the test."""
    path = require(name)
    run = run_traced([path, *arguments])
    version = re.match(r"\d+\.\d+", run.out)[0]
    if version not in known:
        check.matches(run.last.fields["languages"], told)
        skip(f"{name}'s {version} is none of {', '.join(known)}, whose frames are known")
    return path


def glibc_from(version):
    """Whether the C library has this version, as in "2.34", or a later one."""
    def numbers(text):
        return [int(number) for number in text.split(".")]

    return numbers(platform.libc_ver()[1]) >= numbers(version)


def require_attach():
    """Skips the test where attach refuses every program, which test_attach.py holds."""
    if not glibc_from("2.34"):
        skip(f"attach needs glibc 2.34, and this is {platform.libc_ver()[1]}")


# Odds and ends

def seed():
    """A number for a random test, which has to print it: TEST_SEED, or a new one."""
    given = os.environ.get("TEST_SEED")
    return int(given, 0) if given else int.from_bytes(os.urandom(4), "little")


def ran(part, text):
    """Notes what a test has done, and how much of it; the summary collects these notes by part."""
    print(f"# ran {part}: {text}", flush=True)


def temp_dir():
    """A new folder, removed after the test."""
    _folders.append(tempfile.mkdtemp(prefix="fdtrail-test-"))
    return Path(_folders[-1])


def public(path):
    """A copy of this file that each user can read and execute: the sources may lie below a folder of root's own."""
    folder = temp_dir()
    folder.chmod(0o755)
    return shutil.copy(path, folder)


def wait_until(predicate, timeout=10, what="the condition"):
    """Calls predicate until it returns a true value, and returns that."""
    end = time.monotonic() + timeout
    while True:
        found = predicate()
        if found:
            return found
        if time.monotonic() > end:
            raise Failed(f"{what} did not come within {timeout} s")
        time.sleep(0.02)


def wait_for_port(port, timeout=20):
    """Waits until something listens on the loopback port."""
    wait_until(lambda: listens(port), timeout, f"a listener on port {port}")
