#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that a preloaded library cannot trace, or only in part: static, 32-bit, setuid, Go; and a system
without libunwind."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from support import (LIBRARY, TESTS, check, compile_program, main, program, public, require, run_bare, run_traced, skip,
                     temp_dir, test)

ENDS = TESTS / "programs" / "ends.c"


@test("a static program runs as usual, and nothing is printed")
def _():
    static = compile_program(ENDS, "gcc-static")
    run, bare = run_traced([static, "return"], OUTPUT="stderr"), run_bare([static, "return"])
    check.equal((run.status, run.out, run.err), (bare.status, bare.out, ""))


@test("a 32-bit program runs as usual; the loader prints that it leaves the library out")
def _():
    probe = subprocess.run(["gcc", "-m32", "-xc", "-", "-o", "/dev/null"], check=False, text=True,
                           input="#include <stdio.h>\nint main(void){return 0;}", capture_output=True)
    if probe.returncode != 0:
        skip("gcc cannot build for 32 bits: gcc-multilib")
    small = compile_program(ENDS, "gcc-m32")
    run, bare = run_traced([small, "return"], OUTPUT="stderr"), run_bare([small, "return"])
    check.equal((run.status, run.out), (bare.status, bare.out))
    check.contains(run.err, "cannot be preloaded")
    check.lacks(run.err, "snapshot")


@test("a setuid program run by another user is left alone")
def _():
    if os.geteuid() != 0:
        skip("only root can make one")
    folder = temp_dir()
    folder.chmod(0o755)
    path = folder / "ends"
    shutil.copy(program("ends"), path)
    path.chmod(0o4755)

    def become_nobody():
        os.setgid(65534)
        os.setuid(65534)

    run = run_traced([path, "return"], OUTPUT="stderr", preexec=become_nobody)
    check.equal((run.status, run.out), (3, "buffered\n"))
    check.lacks(run.err, "snapshot")


@test("a Go program gets one line that names fdtrail run, and runs as usual", timeout=200)
def _():
    folder = temp_dir()
    (folder / "main.go").write_text("""package main
import ("fmt"; "net"; "os/user")
func main() {
	net.Listen("tcp", "127.0.0.1:0")
	user.Current()
	fmt.Println("hello")
}
""")
    go = require("go")
    if run_bare([go, "build", "-o", folder / "hello", folder / "main.go"], timeout=180,
                env={"HOME": str(folder), "GOFLAGS": "-modcacherw"}).status != 0:
        skip("go cannot build a program with cgo")
    run = run_traced([folder / "hello"], OUTPUT="stderr", EXIT=0)
    check.equal((run.status, run.out), (0, "hello\n"))
    check.equal(len(run.err.splitlines()), 1, "lines on stderr")
    check.contains(run.err, "Go program")
    check.contains(run.err, "fdtrail run")


def without_libunwind(words, variant):
    """A run in which libunwind-x86_64.so.8 is a file that isn't a library."""
    folder = temp_dir()
    for name in ["libunwind-x86_64.so.8", "libunwind.so.8", "libunwind-aarch64.so.8"]:
        (folder / name).write_text("not a library")
    return run_traced([compile_program(ENDS, variant), *words], env={"LD_LIBRARY_PATH": str(folder)})


@test("without libunwind: one line says so, and stacks follow frame pointers")
def _():
    run = without_libunwind(["return"], "gcc-fp")
    check.equal(run.status, 3)
    check.equal(len(run.err.splitlines()), 1, "lines on stderr")
    check.contains(run.err, "libunwind")
    check.contains(run.err, "frame pointers")
    check.equal(run.last.groups[0].functions[:2], ["leaks_files", "main"])


@test("without libunwind and without frame pointers the stack is marked as incomplete")
def _():
    run = without_libunwind(["return"], "gcc")
    check.equal(run.status, 3)
    check.equal(run.last.groups[0].functions[0], "leaks_files")
    check.matches(run.last.groups[0].text, "incomplete")


@test("in a PID namespace without a /proc of its own, no other process' data is shown as the program's")
def _():
    apart = ["unshare", "--pid", "--fork"]
    if os.geteuid() != 0 or subprocess.run([*apart, "true"], check=False, capture_output=True).returncode != 0:
        skip("needs root, and a kernel that makes PID namespaces")
    # Threads are shown with the name that their number has here, and here 1 is another process with a name.
    check.matches(Path("/proc/1/task/1/comm").read_text(), r"\w")
    run = run_traced([*apart, "setpriv", "--reuid", "65534", "--clear-groups", public(program("ends")), "return"],
                     OUTPUT="stderr", ONLY="ends", env={"LD_PRELOAD": public(LIBRARY)})
    check.equal(run.status, 3)
    check.matches(run.err, r"(?m)^process: 1 ends, user 65534$")
    check.lacks(run.err, "\ncommand: ")
    check.contains(run.err, ", opened in leaks_files")
    check.matches(run.err, r"(?m), thread 1(, no close-on-exec)?$")


@test("with a glibc that claims to be 2.35, which keeps another count of threads, libc's own accept is called")
def _():
    libc = Path("/lib/x86_64-linux-gnu/libc.so.6")
    version = platform.libc_ver()[1]
    if not libc.exists() or version < "2.36":
        skip("needs Debian's libc, to put another version into a copy")
    folder = temp_dir()
    (folder / libc.name).write_bytes(re.sub(rb"(?<!_)%b\0" % re.escape(version.encode()), b"2.35\0", libc.read_bytes()))

    def interrupted(**environment):
        run = run_traced([program("handles"), "accept"], env=environment)
        return run.last.group_of("opens_in_handler").functions

    check.contains(interrupted(LD_LIBRARY_PATH=str(folder)), "accept")
    check.lacks(interrupted(), "accept")


main()
