#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Real Go programs from npm, stripped and static, of each version of Go from 1.16 to 1.27 (1.21 and 1.24: long/;
1.19: test_go.py). tests/go_binaries.py has the checks."""

from go_binaries import FDTRAIL, RUN, ask_bazelisk, ask_buf, ask_turbo, from_npm, serve_esbuild
from support import check, main, run_bare, test

ESBUILDS = {"0.12.17": "1.16", "0.14.27": "1.17", "0.17.19": "1.20", "0.21.5": "1.20", "0.23.1": "1.22",
            "0.25.0": "1.23", "0.27.7": "1.25", "0.28.2": "1.26"}


@test("connections to esbuild {}'s server (Go {}) are listed with Go's names and lines, and with what created "
      "the goroutine", each=list(ESBUILDS.items()), timeout=240)
def _(version, _go):
    serve_esbuild(version)


@test("the last user of a connection is named in bazelisk (Go 1.16)", timeout=240)
def _():
    ask_bazelisk("1.12.1")


@test("the last user of a connection is named in turbo (Go 1.18)", timeout=240)
def _():
    ask_turbo("1.2.16")


@test("the last user of a connection is named in buf (Go 1.27, {})", each=["https", "HTTP/2 by TLS"], timeout=240)
def _(way):
    ask_buf("1.75.0", way)


@test("nothing is reported for a Go 1.27 program that leaves nothing open", timeout=240)
def _():
    run = run_bare([*RUN, "--", from_npm("@bufbuild/buf-linux-x64", "1.75.0", "bin/buf"), "--version"])
    check.equal(run.status, 0)
    check.equal(run.err, "")


@test("for a version of Go that is too old (1.15) one line says so, and the program runs", timeout=240)
def _():
    program = from_npm("esbuild-linux-64", "0.8.0", "bin/esbuild")
    run = run_bare([FDTRAIL, "run", "--engine=ptrace", "--", "sh", "-c", f"{program} --version; {program} --version"])
    check.equal((run.status, run.out), (0, "0.8.0\n0.8.0\n"))
    check.matches(run.err, r"^fdtrail: esbuild is a Go program of an unknown version [^\n]*\n\Z")


main()
