#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults on purpose: each is built into a copy of the sources, and the tests that it names have to fail there.
This finds tests that can't fail, and rules that no test checks. Words choose faults: `capture:`, `channel`."""

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import faults
from support import SOURCE, Failed, check, main, ran, test

MOST_SECONDS = 100  # for one test; a test that takes longer has noticed the fault

# Targets that tests written in Python run.
COMMON = re.compile(r"preload/libfdtrail\.so$|tools/fdtrail$|tests/(trace|helper-[a-z]+|programs/.+|conformance/.+)$")


def finish(words, seconds, **options):
    """Runs a program: its exit status, or None if it took too long; and its output."""
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", **options)
    try:
        said = process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return None, process.communicate()[0]
    return process.returncode, said


def left_out(folder, names):
    """Names that are not copied: build folders and git's."""
    top = [name for name in names if name.startswith("build") or name == ".git"] if Path(folder) == SOURCE else []
    return [*top, "__pycache__"]


class Copy:
    """The copy of the sources with its build folder, made when it is first needed."""

    made = None

    @classmethod
    def get(cls):
        """The only copy; or, if it could not be made, the reason."""
        if cls.made is None:
            try:
                cls.made = cls()
            except Failed as why:
                cls.made = why
        if isinstance(cls.made, Failed):
            raise Failed(str(cls.made))
        return cls.made

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="fdtrail-faults-"))
        self.folder.chmod(0o755)  # tests run its programs as other users
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.source, self.build = self.folder / "source", self.folder / "source" / "build"
        shutil.copytree(SOURCE, self.source, symlinks=True, ignore=left_out)
        self.sources = faults.read_sources(self.source)
        status, said = finish(["meson", "setup", "-Dtests=enabled", self.build, self.source], 300)
        check.equal(status, 0, said)
        status, said = finish(["ninja", "-C", self.build, "-t", "targets", "all"], 60)
        targets = [line.partition(": ")[0] for line in said.splitlines() if "_LINKER" in line]
        self.common = [name for name in targets if COMMON.match(name)]
        check.at_least(len(self.common), 20, f"targets\n{said}")
        self.check_tests()

    def check_tests(self):
        """Checks that the tests pass without a fault."""
        for killer in sorted({killer for fault in CHOSEN for killer in fault.killers} - {"the compiler"}):
            status, said = self.make(killer)
            check.equal(status, 0, f"the build for {killer}\n{said[-4000:]}")
            status, said = self.run(killer)
            check.equal(status, 0, f"{killer}, without a fault\n{said[-4000:]}")

    def make(self, killer):
        """Builds what the test needs."""
        name = killer.partition(": ")[0]
        targets = [f"tests/test-{name}"] if self.is_unit(killer) else self.common
        if killer == "the compiler":
            targets = ["preload/libfdtrail.so", "tools/fdtrail"]
        return finish(["ninja", "-C", self.build, *targets], 600)

    def is_unit(self, killer):
        return (self.source / "tests" / "unit" / f"test-{killer}.c").exists()

    def run(self, killer):
        """Runs the test."""
        name, _, words = killer.partition(": ")
        environment = {**os.environ, "TEST_BUILD": str(self.build), "PYTHONPATH": str(self.source / "tests"),
                       "PYTHONDONTWRITEBYTECODE": "1", "CMOCKA_MESSAGE_OUTPUT": "TAP"}
        environment.pop("TEST_ENGINE", None)
        if self.is_unit(killer):
            return finish([self.build / "tests" / f"test-{name}"], MOST_SECONDS, env=environment)
        if name.endswith(" by ptrace"):
            environment["TEST_ENGINE"] = "ptrace"
            name = name.removesuffix(" by ptrace")
        path = next((self.source / "tests").glob(f"*/test_{name}.py"))
        status, said = finish([sys.executable, path, *([words] if words else [])], MOST_SECONDS, env=environment)
        # A skipped check has noticed nothing, and words that match no check run none.
        check.true("# SKIP" not in said and status != 2, f"{killer} runs\n{said}")
        return status, said


WORDS = sys.argv[1:]
CHOSEN = [fault for fault in faults.read_all() if not WORDS or any(word in str(fault) for word in WORDS)]


@test("the tests notice: {}", each=faults.read_all(), timeout=1500)
def _(fault):
    copy = Copy.get()
    with faults.applied(fault, copy.sources):
        for killer in fault.killers:
            status, said = copy.make(killer)
            if killer == "the compiler":
                check.true(status != 0 and "static assertion" in said, "the compiler refuses it")
                continue
            if status != 0:
                raise Failed(f"it does not build:\n{said[-4000:]}")
            status, said = copy.run(killer)
            check.true(status != 0, f"{killer} fails\n{said[-2000:]}")
    ran("faults", f"noticed: {fault.room}")


main()
