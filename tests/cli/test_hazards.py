#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that have broken other tracers: children that share memory, forks in the middle of a walk,
exceptions, code without unwind data, programs that close everything."""

import ctypes
import os
import re
import shutil
import subprocess

from support import (ENGINE, LIBRARY, PYTHON, TESTS, check, compile_program, glibc_from, main, program, require,
                     run_bare, run_traced, skip, temp_dir, test)


def libraries(behind):
    """LD_PRELOAD with a library after the tracer."""
    return ":".join(map(str, [program(behind)] if ENGINE == "ptrace" else [LIBRARY, program(behind)]))


@test("a vfork child that ends everything by {} leaves the parent's records alone",
      each=["close", "closefrom", "close_range", "dup2", "_exit", "spawn"])
def _(how):
    run = run_traced([program("vforks"), how])
    check.equal(run.status, 0)
    first, second = map(int, run.out.split())
    check.equal(run.last.group_of("leaks_in_parent").fds, [first])
    check.equal(run.last.group_of("opens_afterwards").fds, [second])
    check.equal(sorted(run.last.descriptors), sorted([first, second]))
    check.equal([found.pid for found in run.all_snapshots], [run.pid])


def needs_function(name):
    """Skips the test if the C library has no such function, which could be held up."""
    if not hasattr(ctypes.CDLL(None), name):
        skip(f"this C library has no {name}")


@test("a {} that ends late removes no entry of a number that was opened again meanwhile",
      each=["close", "close_range"])
def _(how):
    needs_function(how)
    run = run_traced([program("closes_late"), how], env={"LD_PRELOAD": libraries("libpauses")})
    check.equal(run.status, 0)
    check.equal(run.last.group_of("opens_anew").fds, [int(run.out)])
    check.equal(len(run.last.groups), 1)


@test("a dup2 that fails over a number that {} has just closed restores nothing", each=["close", "close_range"])
def _(how):
    needs_function(how)
    run = run_traced([program("closes_late"), how, "raw"], env={"LD_PRELOAD": libraries("libpauses")})
    check.equal(run.status, 0)
    group = run.last.groups[0]
    check.equal(group.fds, [int(run.out)])
    if ENGINE == "preload":  # the other engine sees the raw call
        check.contains(group.sentence, "opened by an untraced call")


@test("a descriptor whose opener was preempted before recording it does not count as opened by an untraced call")
def _():
    run = run_traced([program("preempted"), 40], env={"LD_PRELOAD": libraries("libpauses")})
    check.equal(run.status, 0)
    check.at_least(len(run.snapshots), 40)
    check.lacks("".join(found.text for found in run.snapshots), "opened by an untraced call")
    check.equal(run.last.group_of("opens_slowly").count, 40)


@test("a thread with descriptors of its own, by {}, does not change the process' records",
      each=["unshare", "close_range"])
def _(how):
    run = run_traced([program("apart"), how])
    check.equal(run.status, 0)
    check.equal(run.last.group_of("opens_in_main").count, 1)
    check.equal(len(run.last.groups), 1)


@test("the end of a process that shares memory and descriptors is not the end of the traced one")
def _():
    run = run_traced([program("apart"), "clone"])
    check.equal(run.status, 0)
    check.equal(run.last.group_of("opens_in_main").count, 1)
    check.equal(run.last.group_of("opens_later").count, 1)


@test("the first process of a new PID namespace is the program's, not a helper of a snapshot")
def _():
    run = run_traced([program("apart"), "pid_namespace"])
    if run.status == 77:
        skip("unshare(CLONE_NEWPID) is not allowed here")
    check.equal(run.status, 0)
    check.contains([found.why.split()[0] for found in run.snapshots], "SIGUSR1")


@test("an alternate signal stack of {} bytes without a handler is left alone", each=[2048, 3000, 4096, 8192])
def _(size):
    bare, run = run_bare([program("small_stack"), size]), run_traced([program("small_stack"), size])
    if bare.status == 77:
        skip("the kernel does not take so small a stack")
    check.equal((run.status, run.out), (bare.status, "0\n"))
    check.at_least(len(run.snapshots), 1)


@test("with {} as RLIMIT_NOFILE at its end a program's open descriptors are counted and listed", each=[0, 8])
def _(limit):
    code = (f"import os, resource\nfor _ in range(40): os.open('/dev/null', 0)\n"
            f"resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit}))\nos._exit(0)")
    run = run_traced([PYTHON, "-c", code], OUTPUT="stderr", EXITCODE=77)
    check.equal(run.status, 77)
    check.contains(run.err, "unclosed: 40 in ")


@test("FDTRAIL_EXITCODE counts unclosed descriptors even if the snapshot can't be written")
def _():
    run = run_traced([program("ends"), "return"], OUTPUT="/nowhere/report", EXITCODE=77)
    check.equal(run.status, 77)
    check.matches(run.err, r"^fdtrail: can't write a snapshot to /nowhere/report: ")


@test("python3's subprocess with close_fds leaves the parent's records complete")
def _():
    code = ("import socket, subprocess; s = [socket.socket() for i in range(5)];"
            "[subprocess.run(['true'], close_fds=True, check=True) for i in range(3)];"
            "import os, signal; signal.signal(10, signal.SIG_IGN); os.kill(os.getpid(), 10)")
    run = run_traced([PYTHON, "-c", code])
    check.equal(run.status, 0)
    sockets = [found for found in run.snapshots[0].groups if found.kind == "tcp"]
    check.equal(sum(found.count for found in sockets), 5)
    check.lacks(run.snapshots[0].text, "untraced call")


@test("a forked child that opens nothing prints nothing")
def _():
    run = run_traced([program("forks"), 0])
    check.equal(run.status, 0)
    check.equal([found.pid for found in run.all_snapshots], [run.pid])
    check.contains(run.last.groups[0].functions, "leaks_in_parent")


@test("a forked child reports the descriptors that it opened itself, not the inherited ones")
def _():
    run = run_traced([program("forks"), 2])
    child = [found for found in run.all_snapshots if found.pid == int(run.out)]
    check.equal(len(child), 1, "snapshots of the child")
    # gcc 14 unrolls the loop, so that there are two calls.
    check.equal({tuple(group.functions[:2]) for group in child[0].groups}, {("leaks_in_child", "main")})
    check.equal(sum(group.count for group in child[0].groups), 2)
    check.lacks(run.last.text, "leaks_in_child")


@test("a forked child's snapshot has the time since the fork; those of its parent and of an executed program don't")
def _():
    run = run_traced([program("fork_server"), 4, 200])
    children = [found for found in run.all_snapshots if found.pid != run.pid]
    check.equal(len(children), 4)
    for child in children:
        found = check.matches(child.fields["forked"], r"\A(\d+\.\d)s ago\Z")
        check.at_least(float(found[1]), 0.1)
    # The time since the tracer's start is the parent's. Process ids begin anew after the highest one.
    last = max(children, key=lambda child: float(child.fields["uptime"][:-1]))
    check.at_least(float(last.fields["uptime"][:-1]), 0.7)
    check.at_most(float(last.fields["forked"].split("s")[0]), float(last.fields["uptime"][:-1]) - 0.4)
    check.equal(run.last.fields.get("forked"), None)
    run = run_traced([PYTHON, "-c", "import os, sys\nif os.fork() == 0: os.execv(sys.argv[1], sys.argv[1:])\nos.wait()",
                      program("ends"), "return"])
    check.equal([found.fields.get("forked") for found in run.all_snapshots if found.pid != run.pid], [None])


@test("FDTRAIL_INHERITED=1: a forked child lists its parent's descriptors as inherited, with their stacks")
def _():
    run = run_traced([program("forks"), 1], INHERITED=1)
    child = [found for found in run.all_snapshots if found.pid == int(run.out)][0]
    group = child.group_of("leaks_in_parent")
    check.true(group, "leaks_in_parent is in a stack")
    check.contains(group.sentence, "inherited")


@test("in a forked child the parent's descriptors have ages, and those from before the tracer have none")
def _():
    run = run_traced([PYTHON, "-c", "import os, time\nfd = os.open('/dev/zero', 0)\ntime.sleep(0.5)\n"
                      "if os.fork() == 0:\n    os._exit(os.dup(fd) < 0)\nprint(fd, os.wait()[0])"], INHERITED=1)
    number, pid = map(int, run.out.split())
    child = next(found for found in run.all_snapshots if found.pid == pid)
    age = re.search(r", age ([\d.]+)s", child.descriptors[number].text)
    check.at_least(float(age[1]) if age else 0, 0.4, "seconds since the parent opened it")
    for fd in (0, 1, 2):
        check.lacks(child.descriptors[fd].text, ", age")


@test("a C++ library in a C program throws through libgcc_s, not through libunwind")
def _():
    words = [program("loads_cpp"), program("libthrow"), 1000]
    run, bare = run_traced(words), run_bare(words)
    check.equal((run.status, run.out), (0, bare.out))
    check.contains(run.out, "libgcc_s")


@test("functions with a personality routine have whole stacks in every thread, wherever its stack lies")
def _():
    run = run_traced([program("cleanups"), program("libcleanups"), 3, 12])
    check.equal(run.status, 0)
    groups = [found for found in run.last.groups if "opens_with_cleanup" in found.functions]
    check.equal(sum(found.count for found in groups), 12)
    for group in groups:
        check.equal(group.functions[:2], ["opens_with_cleanup", "calls_library"])
        check.lacks(group.text, "incomplete")


@test("C++ exceptions are caught, and descriptors closed by static objects and libraries at the end are not "
      "reported ({})", each=["gcc", "clang"])
def _(compiler):
    words = [compile_program(TESTS / "programs" / "static_objects.cpp", compiler), program("libcloses")]
    run = run_traced(words)
    check.equal((run.status, run.out), (0, "good\n"))
    check.equal(len(run.last.groups), 1, "groups")
    check.equal(run.last.groups[0].functions[:7], ["leaks_past_a_throw"] * 6 + ["main"])
    check.equal(run.last.groups[0].count, 1)


@test("children forked while other threads walk new stacks, one in dl_iterate_phdr, all return",
      timeout=120)
def _():
    run = run_traced([program("cold_forks"), 50], timeout=90, EXIT=0)
    check.equal((run.status, run.out), (0, "50\n"))


@test("two threads that fork at once, one held up in the middle, leave each other's signals alone")
def _():
    if not glibc_from("2.36"):
        skip("before glibc 2.36 no two threads' forks are in their handlers at once")
    words = [program("held_forks")]
    bare, run = run_bare(words), run_traced(words, EXIT=0)
    check.equal((bare.status, bare.out), (0, "0 0 signals blocked\n"))
    check.equal((run.status, run.out), (0, bare.out))


@test("a child forked during another thread's slow close lists the number's new owner")
def _():
    run = run_traced([program("slow_close")], EXIT=0, INHERITED=1)
    check.equal(run.status, 0)
    number, child = map(int, run.out.split())
    snapshot = next(found for found in run.all_snapshots if found.pid == child)
    check.contains([fd for group in snapshot.groups for fd in group.fds], number)


@test("a library that is loaded at the place of another one has its own stacks ({})", each=["gcc", "clang"])
def _(compiler):
    source = TESTS / "programs" / "libreload.c"
    libraries = [compile_program(source, compiler, ["-shared", "-fPIC", *flags])
                 for flags in ([], ["-DSECOND"])]
    run = run_traced([program("reloads"), *libraries])
    check.equal(run.status, 0)
    check.at_least(int(run.out), 5, "times that the address was used again")
    for name in ["leaks_in_first", "leaks_in_second"]:
        groups = [found for found in run.last.groups if name in found.functions]
        check.equal(sum(found.count for found in groups), 5, f"those of {name}")
        for group in groups:
            check.equal(group.functions[:4], [name, "library_call", "calls_library", "main"])


def unloads(how, count, rounds=0):
    """Runs a program that unloads copies of a library in several threads."""
    original = compile_program(TESTS / "programs" / "libreload.c", "gcc", ["-shared", "-fPIC"])
    folder = temp_dir()
    copies = [folder / f"copy{number}.so" for number in range(count)]
    for copy in copies:
        shutil.copy(original, copy)
    run = run_traced([program("unloads"), how, rounds, *copies], timeout=120)
    check.equal((run.status, run.out), (0, "good\n"))


@test("threads that unload libraries which have opened something, at the same time, go on")
def _():
    unloads("seen", 4, 100 if ENGINE == "ptrace" else 4000)


@test("a library that is unloaded unseen while another thread opens by a new one is no fault")
def _():
    for _ in range(3):
        unloads("unseen", 200)


@test("machine code without unwind data, frame pointer {}: no crash; the stack goes on or is marked "
      "incomplete", each=["1", "0"])
def _(frame):
    run = run_traced([program("jit"), frame])
    check.equal(run.status, 0)
    group = run.last.groups[0]
    check.equal(group.fds, [int(run.out)])
    if "main" not in group.functions:
        check.matches(group.text, "incomplete")


@test("a frame pointer leads through machine code without unwind data")
def _():
    run = run_traced([compile_program(TESTS / "programs" / "jit.c", "gcc-fp"), "1"])
    check.equal(run.last.groups[0].functions[1:3], ["calls_jit_code", "main"])


@test("a program that closes everything ({}) sees the same numbers as without the tracer",
      each=["range", "loop"])
def _(how):
    outs = []
    for start in (run_bare, run_traced):
        path = temp_dir() / "out"
        run = start([program("closes_all"), how, path])
        check.equal(run.status, 0)
        outs.append(path.read_text())
    check.equal(outs[1], outs[0])
    check.contains(run.last.group_of("leaks_afterwards").functions, "main")


@test("/proc/self/fd looks the same as without the tracer")
def _():
    words = ["/bin/ls", "/proc/self/fd"]
    check.equal(run_traced(words, EXIT=0).out, run_bare(words).out)


@test("an AddressSanitizer program works ({})", each=["gcc", "clang"])
def _(compiler):
    require(compiler)
    preload = []
    if compiler == "gcc":
        preload = [subprocess.run(["gcc", "-print-file-name=libasan.so"], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout.strip()]
        preload = [os.path.realpath(preload[0])]
    ends = compile_program(TESTS / "programs" / "ends.c", f"{compiler}-asan")
    run = run_traced([ends, "return"], preload=preload, env={"ASAN_OPTIONS": "detect_leaks=0"})
    check.equal((run.status, run.err), (3, ""))
    check.contains(run.last.group_of("leaks_files").functions, "main")
    loads = compile_program(TESTS / "programs" / "loads_cpp.c", f"{compiler}-asan")
    # Without a throw: in a C program AddressSanitizer itself fails at one (its real___cxa_throw is NULL).
    run = run_traced([loads, program("libthrow"), 0], preload=preload, env={"ASAN_OPTIONS": "detect_leaks=0"})
    check.equal((run.status, run.out.splitlines()[0]), (0, "0"))


@test("an allocator that opens a file inside of malloc, before all constructors, is not called recursively")
def _():
    run = run_traced([program("allocates")])
    check.equal(run.status, 0)
    check.equal(run.last.group_of("leaks_in_allocates").count, 1)


@test("a program with a gap between its segments has its build-id in the snapshot")
def _():
    run = run_traced([compile_program(TESTS / "programs" / "jit.c", "gcc", ["-Wl,-Tdata=0x100000"]), "1"])
    check.matches(run.last.text, r"(?m)^  0x\w+-0x\w+ \S+Tdata0x100000, BuildId [0-9a-f]{40}$")


@test("a handler's stack goes on to the interrupted code, without frames of fdtrail's")
def _():
    run = run_traced([program("handles")])
    check.equal(run.status, 0)
    group = run.last.group_of("opens_in_handler")
    check.true(group, "a group opened in opens_in_handler")
    check.contains(group.functions, "raises")
    check.contains(group.functions, "main")
    check.lacks(group.text, "libfdtrail")
    check.lacks(group.functions, "on_signal")


@test("an interrupted function has its own name, and so have its callers: {}", each=[
    ("in a function's first instruction", "fault", ["faults", "calls_at_last", "main"]),
    ("in accept, a function's last call", "accept", ["accepts_at_last", "main"]),
    ("with the handler on a stack above", "above", ["raises", "main"])])
def _(_, how, functions):
    run = run_traced([program("handles"), how])
    check.equal(run.status, 0)
    group = run.last.group_of("opens_in_handler")
    check.equal([name for name in group.functions if name in functions], functions, group.text)
    check.lacks(group.text, "incomplete")
    check.lacks(group.text, "libfdtrail")


# The way in which distributions link their plugins.
DEEP = [("gcc", "lazy", "-Wl,-z,lazy"), ("gcc", "now", "-Wl,-z,lazy"), ("gcc", "lazy", "-Wl,-z,now,-z,relro"),
        ("gcc", "lazy", "-Wl,-z,norelro"), ("gcc", "lazy", "-fno-plt"), ("clang", "lazy", "-Wl,-z,lazy"),
        ("gcc", "lazy", "-Wl,-z,lazy,--hash-style=sysv"), ("gcc", "lazy", "-fcf-protection")]


def run_deep(compiler, when, flag, **options):
    library = compile_program(TESTS / "programs" / "libdeep.c", compiler, ["-shared", "-fPIC", flag])
    run = run_traced([program("loads_deep"), library, when], **options)
    check.equal(run.status, 0, run.err)
    return run, list(map(int, run.out.split()))


@test("opens and closes of a library loaded with RTLD_DEEPBIND are recorded: {} {} {}", each=DEEP)
def _(compiler, when, flag):
    run, numbers = run_deep(compiler, when, flag)
    for name, number in zip(["opens_in_the_constructor", "opens_in_the_library", "duplicates_in_the_library"], numbers):
        group = run.last.group_of(name)
        check.true(group, f"a group of {name}: {run.last.text}")
        check.equal(group.fds, [number], name)
        check.equal(group.functions[0], name)
        check.contains(group.functions, "main")
    check.equal(sorted(run.last.descriptors), sorted(numbers))
    check.lacks(run.last.text, "untraced call")


@test("dependencies of a library loaded with RTLD_DEEPBIND go through the hooks, too")
def _():
    source = temp_dir() / "libneeds.c"
    source.write_text("int needs;\n")
    needed = compile_program(TESTS / "programs" / "libdeep.c", "gcc", ["-shared", "-fPIC", "-Wl,-z,lazy"])
    library = temp_dir() / "libneeds.so"
    done = run_bare([require("gcc"), "-shared", "-fPIC", "-o", library, source, "-Wl,--no-as-needed", needed])
    check.equal(done.status, 0, done.err)
    run = run_traced([program("loads_deep"), library])
    check.equal(run.status, 0, run.err)
    check.equal(sorted(run.last.descriptors), sorted(map(int, run.out.split())))
    check.equal(run.last.group_of("opens_in_the_library").functions[:2], ["opens_in_the_library", "main"])
    check.lacks(run.last.text, "untraced call")


@test("a library loaded with RTLD_DEEPBIND bypasses a library behind the tracer, as without it")
def _():
    if ENGINE != "preload":
        skip("the ptrace engine is no library")
    run, numbers = run_deep("gcc", "lazy", "-Wl,-z,lazy",
                            env={"LD_PRELOAD": libraries("libfakes"), "FAKE_SLOTS": "1"})
    check.at_most(numbers[2], 100, "the number of its copy, which libfakes would give out from 1000")
    group = next(found for found in run.last.groups if numbers[2] in found.fds)
    check.contains(group.sentence, "opened by an untraced call")


@test("under the preload, descriptors of a library loaded by dlmopen are listed as not seen")
def _():
    run, numbers = run_deep("gcc", "apart", "-Wl,-z,lazy")
    for number in numbers:
        group = next(found for found in run.last.groups if number in found.fds)
        check.equal("opened by an untraced call" in group.sentence, ENGINE == "preload", group.text)


main()
