#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tests of Go's own packages, from the Go distribution's sources (Debian: golang-go), with planted code: they have
the results that they have without fdtrail."""

import os
import re
import subprocess
from pathlib import Path

from planted_storm import FDTRAIL, RUNS_ON
from support import BUILD, check, main, ran, require, run_bare, skip, temp_dir, test

PACKAGES = ["os", "os/exec", "syscall", "net", "net/http", "runtime"]
# They start gdb or strace, or call ptrace(2) themselves: a process has one tracer at most.
TRACERS = re.compile(r"TestGdb|TestDebugCall|TestLinuxSendfile")
# Go keeps the stacks of ancestors if GODEBUG says so, and then TestNumGoroutine counts them, too.
RUN = [FDTRAIL, "run", "--engine=planted", "--go-ancestors=0", "--verbose", "--report=/dev/null", "--"]


def build(package):
    """The program of the package's tests, and the folder that it has to run in."""
    root = subprocess.run([require("go"), "env", "GOROOT"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    source = (Path(root) / "src" / package).resolve()
    if not list(source.glob("*_test.go")):
        skip(f"the Go distribution has no tests in {source}")
    path = temp_dir() / "package.test"
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOPROXY": "off", "GOTOOLCHAIN": "local",
                   "GOCACHE": str(BUILD / "tests" / "go" / "cache")}
    done = subprocess.run(["go", "test", "-c", "-o", path, package], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    check.equal(done.returncode, 0, done.stdout)
    return path, source


def results(path, folder, only="", traced=False):
    """PASS, FAIL or SKIP by test."""
    done = run_bare([*(RUN if traced else []), path, "-test.short", "-test.v", "-test.timeout=30m", f"-test.run={only}"],
                    cwd=folder, timeout=1800, env={"CGO_ENABLED": "0", "FDTRAIL_OUTPUT": str(temp_dir() / "snapshot.%p")})
    if traced:
        check.contains(done.err, f"fdtrail: {path.name}{RUNS_ON}")
    return {name: verdict for verdict, name in re.findall(r"^--- (PASS|FAIL|SKIP): (\S+)", done.out, re.MULTILINE)}


@test("the tests of Go's package {} have the same results traced", each=PACKAGES, timeout=3600)
def _(package):
    path, folder = build(package)
    bare, traced = results(path, folder), results(path, folder, traced=True)
    for name in [name for name in bare if traced.get(name) != bare[name] and not TRACERS.match(name)]:
        # On a busy machine a test may fail for want of time: alone it must have the same result.
        only = f"^{name}$"
        check.equal(results(path, folder, only, True).get(name), results(path, folder, only).get(name), name)
    check.equal(set(traced), set(bare))
    ran(package, f"{len(bare)} tests of Go's own")


main()
