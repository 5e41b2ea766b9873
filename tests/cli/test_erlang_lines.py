#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Erlang: the report's first group names the module's line."""

import re
import subprocess
from functools import cache

from run_verb import Run
from support import SOURCE, check, compile_program, main, require, run_traced, skip, temp_dir, test

PROGRAMS = SOURCE / "tests" / "programs" / "erlang"


@cache
def release():
    """The release of this machine's Erlang/OTP."""
    text = '{io:put_chars(erlang:system_info(otp_release)),halt()}.'
    done = subprocess.run([require("erl"), "-noshell", "-eval", text], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    return done.stdout.strip()


def command(module):
    """Runs main() of the module, compiled into a folder of the test's own."""
    if release() not in ("25", "27"):
        skip(f"the frames of Erlang/OTP {release()} aren't known")
    folder = temp_dir()
    subprocess.run([require("erlc"), "-o", folder, PROGRAMS / f"{module}.erl"], check=True, timeout=60)
    return [require("erl"), "-noshell", "-pa", folder, "-s", module, "main"]


def marks(module):
    """The number and the mark of each line that has one."""
    lines = (PROGRAMS / f"{module}.erl").read_text("utf-8").splitlines()
    return [(number, line.rpartition(" % ")[2]) for number, line in enumerate(lines, 1) if " % " in line]


@test("the first group names the user's line", timeout=120)
def _():
    run = Run(*command("file_per_job"))
    check.equal(run.status, 0)
    line = f"file_per_job.erl:{marks('file_per_job')[0][0]}"
    check.matches(run.err, rf"\n1\. 6 files, opened in file_per_job:job/1 at \S*{line}\n")
    check.matches(run.err, rf"\n   => #\d+ +file_per_job:job/1 +\S*{line}\n")
    check.lacks(run.err, "file_per_job:closes")
    check.contains(run.err, "opened 6 and closed 0")


@test("funs, catches, recursion, processes, sockets and ports have their lines", timeout=120)
def _():
    run = run_traced(command("shapes"))
    check.equal(run.status, 0)
    for number, mark in marks("shapes"):
        name = re.escape(mark.removeprefix("LINE "))
        check.matches(run.last.text, rf" in {name} \S*shapes.erl:{number} \(erlang\)\n")
    check.matches(run.last.text, r" in lists:foreach_1/2 lists.erl:\d+ \(erlang, library\)\n")
    check.matches(run.last.text, r" in raw_file_io_list:open_layer/3 raw_file_io_list.erl:\d+ \(erlang, library\)\n")
    check.matches(run.last.text, r" in erlang:port_control/3 erlang.erl \(erlang, library\)\n"
                                 r"    #\d+ in prim_inet:ctl_cmd/3 prim_inet.erl \(erlang, library\)\n")
    check.equal(run.last.fields["languages"], f"erlang {release()}")


@test("an emulator whose frames can't be read is named, with the reason")
def _():
    path = temp_dir() / "likeness.c"
    path.write_text("#include <fcntl.h>\nchar etp_otp_release[] = \"26\";\nint etp_beamasm = 1;\n"
                    "static __attribute__((noinline)) int opens(void) { return open(\"/\", 0) + 1; }\n"
                    "int main(void) { return opens() < 1; }\n", "utf-8")
    run = Run(compile_program(path, flags=["-rdynamic"]))
    check.equal(run.status, 0)
    check.contains(run.err, "1 directory, opened in opens")
    check.contains(" ".join(run.err.split()), "no frames of erlang 26: fdtrail knows the frames of Erlang/OTP 25 and 27")


@test("modules of Elixir have its names and files", timeout=120)
def _():
    run = Run(*command("Elixir.Jobs.Worker"))
    check.matches(run.err, r"\n1\. 1 file, opened in Jobs\.Worker\.job/1 at lib/worker\.ex:12\n")


main()
