#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Little memory, many numbers, many stacks, many threads, a long life: the program manages, and the tracer
manages, too, or says what it left out."""

import os
import resource

from support import (BUILD, LIBRARY, TESTS, check, compile_program, main, program, ran, run_bare, run_traced, skip, temp_dir,
                     test)

MIB = 1 << 20
PLUGIN = BUILD / "tests" / "torture" / "libplugin.so"


def limited(what, amount):
    """For preexec: sets this limit."""
    return lambda: resource.setrlimit(what, (amount, amount))


@test("with {} MiB of address space the program runs as usual, traced or after one line that says why not",
      each=[4, 6, 8, 10, 12, 14, 16, 20, 24, 32, 48, 64, 128])
def _(size):
    words, preexec = [program("ends"), "return"], limited(resource.RLIMIT_AS, size * MIB)
    bare = run_bare(words, preexec=preexec)
    run = run_traced(words, preexec=preexec)
    if bare.status != 3:
        skip("without the tracer the loader has no room for the C library")
    if run.status == 127 or "LD_PRELOAD" in run.err:
        check.at_most(size, 4, "MiB in which the loader finds no room for the library")
        return
    check.equal((run.status, run.out), (bare.status, bare.out))
    if not run.snapshots:
        check.matches(run.err, "^fdtrail: .*memory")
    check.at_most(len(run.err.splitlines()), 2, "lines on stderr")


@test("with {} KiB of stack the program runs as usual, and is traced", each=[32, 64, 256, 8192])
def _(size):
    words, preexec = [program("ends"), "return"], limited(resource.RLIMIT_STACK, size * 1024)
    bare, run = run_bare(words, preexec=preexec), run_traced(words, preexec=preexec)
    check.equal((run.status, run.out, run.err), (bare.status, bare.out, ""))
    check.contains(run.last.groups[0].functions, "main")


@test("a program that opens a million descriptors, one after the other, does not grow", timeout=120)
def _():
    run = run_traced([program("resources"), "opens", 1_000_000], timeout=110)
    check.equal(run.status, 0)
    # One byte for each would be 976 KiB. The kernel's own count of a process' pages lags behind by some dozens.
    check.at_most(int(run.out), 512, "KiB grown")
    ran("resources", f"1000000 opens: {int(run.out)} KiB more than after 10000")


@test("a program that loads and unloads a library a thousand times does not grow", timeout=120)
def _():
    run = run_traced([program("resources"), "libraries", 1000, PLUGIN], timeout=110)
    check.equal(run.status, 0)
    check.at_most(int(run.out), 512, "KiB grown")
    ran("resources", f"1000 times a library: {int(run.out)} KiB more than after 10")


@test("100,000 distinct stacks are kept, at a few hundred bytes each", timeout=200)
def _():
    run = run_traced([program("resources"), "stacks", 100_000], timeout=190)
    check.equal(run.status, 0)
    check.lacks(run.last.text, "stack table was full")
    check.at_most(int(run.out), 128 * 1024, "KiB grown")
    check.contains(run.last.text, "closed when the table of closing stacks was full")
    ran("resources", f"100000 distinct stacks: {int(run.out)} KiB")


@test("after 1,000 threads only the entries of the descriptors that they left open remain", timeout=120)
def _():
    run = run_traced([program("resources"), "threads", 1000], timeout=110)
    check.equal(run.status, 0)
    group = run.last.group_of("thread_leaks")
    check.equal((group.count, group.functions[0]), (10, "thread_leaks"))
    check.contains(group.text, "1000 opened, 990 closed, 10 live")
    check.equal(sum("ended" in found.text for found in group.descriptors), 10)
    check.at_most(int(run.out), 512, "KiB grown")
    ran("resources", f"1000 threads: {int(run.out)} KiB more than after 10")


@test("a million numbers in use at once take 32 MiB at most", timeout=120)
def _():
    run = run_traced([program("resources"), "slots", 1_000_000], timeout=110,
                     env={"LD_PRELOAD": f"{LIBRARY}:{program('libfakes')}", "FAKE_SLOTS": "1"})
    check.equal(run.status, 0)
    check.at_most(int(run.out), 32 * 1024, "KiB grown")
    # Nothing was open at these numbers; the snapshot finds that out.
    check.contains(run.last.footer, "1000000 closed by untraced calls")
    ran("resources", f"1000000 numbers at once: {int(run.out)} KiB")


@test("ENFILE triggers a snapshot that says so")
def _():
    run = run_traced([program("resources"), "opens", 3],
                     env={"LD_PRELOAD": f"{LIBRARY}:{program('libfakes')}", "FAKE_ENFILE": "1"})
    check.equal(run.status, 1)
    check.equal(len(run.snapshots), 1)
    check.contains(run.last.why, "ENFILE: open() failed, the system has no file left")
    # The system has room: another library has made the error up.
    check.contains(run.last.text, "\nlimit reached: unknown: not fs.file-max (")


@test("stderr is a pipe that nobody reads any more: no SIGPIPE in the program")
def _():
    read, write = os.pipe()
    os.close(read)
    run = run_traced([program("ends"), "return"], OUTPUT="stderr", VERBOSE=1, pass_fds=[write],
                     preexec=lambda: os.dup2(write, 2))
    os.close(write)
    check.equal((run.status, run.out), (3, "buffered\n"))


@test("writing beyond the limit on a file's size: no SIGXFSZ in the program")
def _():
    folder = temp_dir()
    stderr = os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT)
    run = run_traced(["/usr/bin/python3", "-c", "raise SystemExit(3)"], OUTPUT="stderr", VERBOSE=1,
                     pass_fds=[stderr],
                     preexec=lambda: (os.dup2(stderr, 2), limited(resource.RLIMIT_FSIZE, 0)()))
    os.close(stderr)
    check.equal(run.status, 3)

    # The message about a static program goes to the snapshots' file. A pending SIGXFSZ would outlive exec.
    path = compile_program(TESTS / "programs/ends.c", "gcc-static")
    run = run_traced(["/usr/bin/python3", "-c", "import os; os.dup2(os.open('/dev/null', 1), 1); "
                      f"os.execv({path!r}, [{path!r}, 'none'])"],
                     OUTPUT=folder / "report", EXIT=0, preexec=limited(resource.RLIMIT_FSIZE, 0))
    check.equal(run.status, 0)
    check.equal((folder / "report").stat().st_size, 0)


@test("a message to a terminal from the background does not stop the program")
def _():
    # The terminal's session leader stays in the foreground; the program is in a group of its own.
    code = """
import os, pty, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    mode = termios.tcgetattr(2)
    mode[3] |= termios.TOSTOP
    termios.tcsetattr(2, termios.TCSANOW, mode)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.environ.update(LD_PRELOAD=sys.argv[1], FDTRAIL_VERBOSE="1", FDTRAIL_EXIT="0")
        os.execv("/bin/true", ["true"])
    status = os.waitpid(child, os.WUNTRACED)[1]
    if os.WIFSTOPPED(status):
        os.kill(child, 9)
        os.waitpid(child, 0)
    os._exit(os.WIFSTOPPED(status))
said = b""
try:
    while True:
        said += os.read(terminal, 4096)
except OSError:
    pass
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), b"FDTRAIL_VERBOSE" in said)
"""
    run = run_bare(["/usr/bin/python3", "-c", code, LIBRARY])
    check.equal(run.out, "0 True\n")


@test("a pipe whose reader leaves in the middle of a snapshot does not end the program")
def _():
    path = temp_dir() / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    code = ("import os, signal\nsignal.signal(10, signal.SIG_IGN)\nfor i in range(3000): os.open('/dev/null', 0)\n"
            "os.kill(os.getpid(), 10)\nprint('alive', flush=True)\nos._exit(0)")
    run = run_traced(["/usr/bin/python3", "-c", f"import os\npass\n{code}"],
                     OUTPUT=path, EXIT=0, SHOW="all")
    os.close(reader)
    check.equal((run.status, run.out), (0, "alive\n"))
    check.contains(run.err, "can't write the whole snapshot")


main()
