#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail attach: a program that runs already is recorded from then on, and doesn't notice. If it can't be, it goes
on as it was, and one line says why."""

import errno
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import attach_storm
import snapshot_text
from support import (BUILD, LIBRARY, PYTHON, check, compile_program, glibc_from, go_program, main, program, ran,
                     require, require_attach, run_bare, seed, skip, start_traced, temp_dir, test, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"
NOBODY = 65534
LIBRARIES = BUILD / "tests" / "programs"


def become_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def fdtrail(verb, *arguments, **options):
    return run_bare([FDTRAIL, verb, *arguments], **options)


def start(argv, ready="ready\n", **options):
    """Starts a program without the tracer, and waits until it says that it is ready."""
    started = start_traced(argv, traced=False, **options)
    wait_until(lambda: ready in started.out, what="the program's readiness")
    return started


class Server:
    """The program attached.c."""

    def __init__(self, threads=4, variant="gcc", served=None, **options):
        require_attach()
        self.go = temp_dir() / "go"
        self.go.parent.chmod(0o755)
        self.process = start([served or program("attached", variant), threads, self.go], **options)
        self.pid = str(self.process.pid)

    def leak(self):
        self.go.touch()
        wait_until(lambda: "leaked\n" in self.process.out, what="the leaks")

    def snapshot(self, *arguments):
        asked = fdtrail("snapshot", "--raw", *arguments, self.pid)
        check.equal((asked.status, asked.err), (0, ""))
        found = snapshot_text.parse_all(asked.out)
        check.equal(len(found), 1, "whole snapshots")
        return found[0]


def opened(snapshot):
    """The groups of what was opened since fdtrail came; the others are what the program uses since."""
    return [group for group in snapshot.groups if "inherited" not in group.sentence]


def thread_states(pid):
    """The letters of proc_pid_stat(5)."""
    states = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            states.append(open(f"/proc/{pid}/task/{thread}/stat").read().rpartition(")")[2].split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass  # ours, which has ended
    return states


def attach(pid, *arguments):
    require_attach()
    asked = fdtrail("attach", "--background", *arguments, str(pid))
    check.equal(asked.status, 0, asked.err)
    check.matches(asked.err, r"^fdtrail: attached to \S+, process %s \(\d+ threads?, one paused for [\d.]+ ms\); "
                             r"\d+ descriptors? (was|were) open before$" % pid)
    return asked


def detach(pid):
    asked = fdtrail("detach", str(pid))
    check.equal(asked.status, 0, asked.err)
    check.matches(asked.err, rf"^fdtrail: detached from \S+, process {pid} \(paused for [\d.]+ ms\)$")


def state(pid):
    """Everything of a process that an attach could leave behind: descriptors, handlers, tracer, threads."""
    status = open(f"/proc/{pid}/status").read()
    facts = re.findall(r"^((?:Sig|Shd|State|TracerPid|Threads|Seccomp).*)$", status, re.MULTILINE)
    facts = [fact for fact in facts if not fact.startswith("SigQ")]
    facts = [re.sub(r"^State:\s+[RS].*", "State: lives", fact) for fact in facts]
    return facts, sorted((fd, os.readlink(f"/proc/{pid}/fd/{fd}")) for fd in os.listdir(f"/proc/{pid}/fd"))


@test("a program that runs is attached to, its leak is named, and it is detached from, built {}",
      each=["gcc", "clang-nopie", "gcc-stripped", "gcc-fp"])
def _(variant):
    server = Server(variant=variant)
    before = state(server.pid)
    attach(server.pid)
    server.leak()
    check.lacks(server.process.out, "EINTR")
    taken = server.snapshot()  # its signal may end a poll, as under `fdtrail run`
    interrupted = server.process.out.count("EINTR")
    check.equal(sum(group.count for group in opened(taken)), 10, "descriptors")  # a compiler may unroll the loop
    for group in opened(taken):
        check.true("stripped" in variant or group.functions[0] == "leaks_a_socket", group.functions[0])
    detach(server.pid)
    leaked = {fd for fd, link in state(server.pid)[1]} - {fd for fd, link in before[1]}
    check.equal(len(leaked), 10, "descriptors that are new")
    check.equal(state(server.pid)[0], before[0], "the process' state")
    check.equal(server.process.out.count("EINTR"), interrupted, "calls that ended with EINTR")


@test("a single long wait in {} goes on after each attach and detach", each=["poll", "nanosleep", "sem_timedwait"])
def _(call):
    calls = {"poll": "poll(NULL, 0, 6000)", "nanosleep": "nanosleep(&(struct timespec){6, 0}, NULL)",
             "sem_timedwait": "sem_timedwait(&never, &end)"}
    waits = start_c("""
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
int main(void)
{
    struct timespec end;
    sem_t never;
    sem_init(&never, 0, 0);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 6;
    puts("ready");
    fflush(stdout);
    errno = 0;
    int result = %s;
    printf("%%d %%d\\n", result, errno);
    return 0;
}
""" % calls[call])
    for _ in range(2):
        attach(waits.pid)
        detach(waits.pid)
    waits.wait()
    check.equal(waits.out, "ready\n%s\n" % (f"-1 {errno.ETIMEDOUT}" if call == "sem_timedwait" else "0 0"))


def refused(pid, *words, verb="attach", before=None, **options):
    """Checks that the process can't be attached to, that one line says so with these words, and that the process
    goes on as it was."""
    was = before or state(pid)
    arguments = ["--background"] if verb == "attach" else []
    asked = fdtrail(verb, *arguments, str(pid), **options)
    check.equal((asked.status, asked.out), (2, ""))
    check.equal(asked.err.count("\n"), 1, asked.err)
    check.matches(asked.err, f"^fdtrail {verb}: ")
    for word in words:
        check.contains(asked.err, word)
    check.equal(state(pid), was, "the process")
    return asked


def start_c(text, variant="gcc", **options):
    require_attach()
    source = temp_dir() / "target.c"
    source.write_text(text)
    return start([compile_program(source, variant)], **options)


WAITS = """
#include <stdio.h>
#include <unistd.h>
int main(void) { puts("ready"); fflush(stdout); for (;;) pause(); }
"""


@test("attached twice: one line; detached twice: one line")
def _():
    server = Server()
    attach(server.pid)
    refused(server.pid, "is attached already", f"fdtrail snapshot {server.pid}")
    detach(server.pid)
    refused(server.pid, "isn't attached", verb="detach")
    refused(start_c(WAITS).pid, "isn't attached", verb="detach")


@test("of many commands at once one attaches, and the library is loaded once")
def _():
    server = Server()
    asked = [start_traced([FDTRAIL, "attach", "-b", server.pid], traced=False) for _ in range(8)]
    statuses = [process.wait().status for process in asked]
    check.equal(sorted(statuses), [0] + [2] * 7)
    for process in asked:
        if process.status:
            check.matches(process.err, "another fdtrail is attaching|is attached already")
    loaded = re.findall(r"r-xp .*fdtrail/libfdtrail", open(f"/proc/{server.pid}/maps").read())
    check.equal(len(loaded), 1, "libraries")


@test("a detached program is inspected from outside, and the next attach begins anew")
def _():
    server = Server()
    attach(server.pid)
    detach(server.pid)
    server.leak()
    check.contains(server.snapshot().text, "taken from outside")
    again = attach(server.pid)
    check.contains(again.err, "22 descriptors were open before")
    taken = server.snapshot()
    check.contains(taken.text, "\nunclosed: 0; 22 inherited\n")
    check.contains(taken.text, "\nattached: 0.")


@test("a program that was started under fdtrail is left alone")
def _():
    require_attach()
    started = start_traced([program("attached"), "1", "/nonexistent"], engine="preload")
    wait_until(lambda: "ready\n" in started.out)
    refused(started.pid, "was started under fdtrail")
    refused(started.pid, "was started under fdtrail", verb="detach")
    run = start([FDTRAIL, "run", "--engine=ptrace", program("attached"), "1", "/nonexistent"])
    child = open(f"/proc/{run.pid}/task/{run.pid}/children").read().split()[0]
    refused(child, "runs under `fdtrail run` already")


@test("a process that doesn't exist, a thread and a zombie are one line each")
def _():
    nobody = open("/proc/sys/kernel/pid_max").read().strip()
    asked = fdtrail("attach", "--background", nobody)
    check.equal((asked.status, asked.err), (2, f"fdtrail attach: there is no process {nobody}\n"))
    server = Server()
    thread = max(os.listdir(f"/proc/{server.pid}/task"), key=int)
    asked = fdtrail("attach", "--background", thread)
    check.equal(asked.status, 2)
    check.matches(asked.err, rf"^fdtrail attach: {thread} is a thread of process {server.pid}: .*\n\Z")
    child = subprocess.Popen(["true"])
    wait_until(lambda: open(f"/proc/{child.pid}/stat").read().split()[2] == "Z")
    asked = fdtrail("attach", "--background", str(child.pid))
    check.equal(asked.status, 2)
    check.contains(asked.err, "zombie")
    child.wait()


@test("a stopped program stays stopped")
def _():
    server = Server()
    server.process.send(signal.SIGSTOP)
    wait_until(lambda: open(f"/proc/{server.pid}/stat").read().split()[2] == "T")
    refused(server.pid, "is stopped", f"kill -CONT {server.pid}")
    server.process.send(signal.SIGCONT)
    attach(server.pid)


TRACER = """
import ctypes, sys, time
libc = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE = 0x4206
assert libc.ptrace(PTRACE_SEIZE, int(sys.argv[1]), 0, 0) == 0
print("ready", flush=True)
time.sleep(600)
"""


@test("a program that a debugger traces is left alone, and can be attached to afterwards")
def _():
    server = Server()
    tracer = start([PYTHON, "-c", TRACER, server.pid])
    refused(server.pid, f"is traced by process {tracer.pid}", "end that one first")
    tracer.send(signal.SIGKILL)
    tracer.wait()
    attach(server.pid)


def beside_a_tracer(pid, thread):
    """Attaches and detaches while a debugger traces the thread."""
    tracer = start([PYTHON, "-c", TRACER, thread])
    try:
        attach(pid)
        detach(pid)
    finally:
        # Before the server ends, because a traced thread's end waits for its tracer.
        tracer.send(signal.SIGKILL)
        tracer.wait()


@test("a program whose only waiting thread is traced by a debugger is attached to by one that runs")
def _():
    server = start_c("""
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *wait(void *unused) { for (;;) pause(); }
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, wait, NULL);
    usleep(100 * 1000);
    puts("ready");
    fflush(stdout);
    for (volatile long i = 0;; i++)
        ;
}
""")
    thread, = set(os.listdir(f"/proc/{server.pid}/task")) - {str(server.pid)}
    beside_a_tracer(server.pid, thread)


@test("a program is attached to by another thread than the one that a debugger traces")
def _():
    server = Server(threads=1)
    thread = max(os.listdir(f"/proc/{server.pid}/task"), key=int)
    beside_a_tracer(server.pid, thread)


@test("a 32-bit, a static, a Go and a musl program are one line each: {}", each=["m32", "static", "go", "musl"])
def _(kind):
    if kind == "go":
        started = start_traced([go_program("storm", "nocgo"), "connections", "100000"], traced=False)
        wait_until(lambda: os.path.exists(f"/proc/{started.pid}/task"))
        time.sleep(0.2)
        words = "is a Go program", "can't trace yet", f"fdtrail snapshot {started.pid}"
        asked = fdtrail("attach", "-b", str(started.pid))
        check.equal(asked.status, 2)
        for word in words:
            check.contains(asked.err, word)
        check.equal(started.status, None)
        return
    source = temp_dir() / "target.c"
    source.write_text(WAITS)
    if kind == "musl":
        path = temp_dir() / "target"
        subprocess.run([require("musl-gcc"), "-o", path, source], check=True)
    else:
        path = compile_program(source, f"gcc-{kind}")
    refused(start([path]).pid, {"m32": "is a 32-bit program", "static": "is a static program",
                                "musl": "another C library than glibc"}[kind], "fdtrail snapshot")


@test("before glibc 2.34 one line says that attach needs that, and the program goes on")
def _():
    if glibc_from("2.34"):
        skip("this C library is not older")
    refused(start([program("attached"), "4", temp_dir() / "go"]).pid, "attach needs glibc 2.34 or later")


def copies():
    """The command, with the library where it looks for that, and the server, where every user can read them."""
    folder = temp_dir()
    os.chmod(folder, 0o755)
    for file in (FDTRAIL, LIBRARY):
        copy = folder / file.relative_to(BUILD)
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, copy)
        copy.chmod(0o755)
    shutil.copyfile(program("attached"), folder / "attached")
    (folder / "attached").chmod(0o755)
    return folder / "tools" / "fdtrail", folder / "attached"


@test("another user's program is refused with the reason, and root may attach to it")
def _():
    command, served = copies()
    server = Server(served=served, preexec=become_nobody)
    other = Server()
    was = state(other.pid)
    asked = run_bare([command, "attach", "-b", other.pid], preexec=become_nobody)
    check.equal(asked.status, 2)
    check.matches(asked.err, rf"^fdtrail attach: process {other.pid} belongs to user 0: run fdtrail as that user, "
                             r"or as root\n\Z")
    check.equal(state(other.pid), was)
    attach(server.pid)
    server.leak()
    check.equal(sum(group.count for group in opened(server.snapshot())), 10)
    detach(server.pid)
    # The user itself, too, if the kernel lets it.
    asked = run_bare([command, "attach", "-b", server.pid], preexec=become_nobody)
    check.equal((asked.status, asked.err.count("\n")), (0, 1), asked.err)


@test("a program that keeps its memory private is refused to its own user")
def _():
    libc = "__import__('ctypes').CDLL(None)"
    server = start([PYTHON, "-c", f"import time; {libc}.prctl(4, 0, 0, 0, 0); print('ready', flush=True); "
                                  "time.sleep(600)"], preexec=become_nobody)
    asked = run_bare([copies()[0], "attach", "-b", str(server.pid)], preexec=become_nobody)
    check.equal(asked.status, 2)
    check.matches(asked.err, r"^fdtrail attach: [^\n]*(no permission|as root)[^\n]*\n\Z")


FILTERED = """
import ctypes, socket, struct, sys, time
libc = ctypes.CDLL(None)
number, answer = int(sys.argv[1]), int(sys.argv[2], 0)
def instruction(code, k, true=0, false=0):
    return struct.pack("HBBI", code, true, false, k)
# load the number; if it is this one, the answer, else allow
filter = ctypes.create_string_buffer(instruction(0x20, 0) + instruction(0x15, number, 0, 1) + instruction(6, answer) +
                                     instruction(6, 0x7fff0000))
program = struct.pack("HxxxxxxP", 4, ctypes.addressof(filter))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
print("ready", flush=True)
kept = []
while True:
    time.sleep(0.05)
    if len(kept) < 10: kept.append(socket.socket())
"""
KILL, ERRNO = "0x80000000", "0x00050001"  # seccomp(2); EPERM
MEMFD_CREATE, PIDFD_GETFD, CLONE3, REBOOT = 319, 438, 435, 169


def filtered(number, answer):
    require_attach()
    return start([PYTHON, "-c", FILTERED, str(number), answer])


@test("a seccomp filter that would end the program for a call of fdtrail's: one line names it, and the program goes on")
def _():
    server = filtered(MEMFD_CREATE, KILL)
    asked = fdtrail("attach", "-b", str(server.pid))
    check.equal((asked.status, asked.err.count("\n")), (2, 1))
    check.contains(asked.err, "has a seccomp filter that would end it for memfd_create(2)")
    time.sleep(0.3)
    check.equal(server.status, None)
    check.lacks(open(f"/proc/{server.pid}/maps").read(), "fdtrail")


@test("a seccomp filter that lets a call fail, or that is about others, does not prevent an attach: {}",
      each=[("pidfd_getfd fails", PIDFD_GETFD, ERRNO), ("clone3 fails", CLONE3, "0x00050026"),
            ("reboot kills", REBOOT, KILL)])
def _(_, number, answer):
    server = filtered(number, answer)
    attach(server.pid)
    time.sleep(0.7)
    check.equal(server.status, None)
    found = snapshot_text.parse_all(fdtrail("snapshot", "--raw", str(server.pid)).out)[0]
    check.at_least(sum(group.count for group in opened(found)), 5)
    detach(server.pid)


@test("a program without /proc in its root is left alone")
def _():
    require_attach()
    server = start([PYTHON, "-c", f"import os, time; os.chroot({str(temp_dir())!r}); print('ready', flush=True); "
                                  "time.sleep(600)"])
    refused(server.pid, "no /proc in its root", f"fdtrail snapshot {server.pid}")


@test("root attaches to a program in a user namespace that doesn't know root, and gets its snapshot: {}",
      each=["unmapped", "root there"])
def _(users):
    _, served = copies()
    go = served.parent / "go"
    words = [require("unshare"), "--user", *(["--map-root-user"] if users == "root there" else []), served, "4", go]
    server = start_traced(words, traced=False, preexec=become_nobody)
    if not wait_until(lambda: "ready\n" in server.out or server.status is not None) or server.status is not None:
        skip("no user namespace can be made here")
    attach(server.pid)
    go.touch()
    wait_until(lambda: "leaked\n" in server.out)
    asked = fdtrail("snapshot", "--raw", str(server.pid))
    check.equal((asked.status, asked.err), (0, ""))
    check.equal(sum(group.count for group in opened(snapshot_text.parse_all(asked.out)[0])), 10)
    detach(server.pid)


@test("a program that sees other files is attached to: its mount namespace has none of ours")
def _():
    go = temp_dir() / "go"
    server = start([require("unshare"), "--mount", "sh", "-c",
                    f"mount -t tmpfs none {BUILD}/preload && exec $0 4 {go}", program("attached")])
    check.equal(os.listdir(f"/proc/{server.pid}/root{BUILD}/preload"), [])
    attach(server.pid)
    go.touch()
    wait_until(lambda: "leaked\n" in server.out)
    found = snapshot_text.parse_all(fdtrail("snapshot", "--raw", str(server.pid)).out)[0]
    check.equal(sum(group.count for group in opened(found)), 10)


@test("a process that shares its parent's memory is left alone")
def _():
    started = start_c("""
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	puts("ready");
	fflush(stdout);
	if (vfork() == 0) {
		for (;;)
			pause();
	}
}
""")
    wait_until(lambda: open(f"/proc/{started.pid}/task/{started.pid}/children").read())
    child = open(f"/proc/{started.pid}/task/{started.pid}/children").read().split()[0]
    refused(child, f"shares the memory of process {started.pid}")
    os.kill(int(child), signal.SIGKILL)


@test("a process whose main thread has ended is left alone")
def _():
    started = start_c("""
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *stay(void *unused) { sleep(1); puts("ready"); fflush(stdout); for (;;) pause(); return unused; }
int main(void) { pthread_t thread; pthread_create(&thread, NULL, stay, NULL); pthread_exit(NULL); }
""")
    asked = fdtrail("attach", "-b", str(started.pid))
    check.equal(asked.status, 2)
    check.contains(asked.err, "main thread")
    check.equal(started.status, None)


@test("a program that has no memory for us goes on")
def _():
    server = Server()
    size = int(open(f"/proc/{server.pid}/statm").read().split()[0]) * 4096
    resource.prlimit(int(server.pid), resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
    refused(server.pid, "Cannot allocate memory", "goes on as it was")
    resource.prlimit(int(server.pid), resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    attach(server.pid)


@test("a library that the loader refuses leaves nothing behind, and the program goes on")
def _():
    folder = temp_dir()
    (folder / "tools").mkdir()
    (folder / "preload").mkdir()
    shutil.copy(FDTRAIL, folder / "tools" / "fdtrail")
    image = LIBRARY.read_bytes()
    (folder / "preload" / "libfdtrail.so").write_bytes(image.replace(b"\0libc.so.6\0", b"\0libc.so.9\0"))
    server = Server()
    was = state(server.pid)
    asked = run_bare([folder / "tools" / "fdtrail", "attach", "-b", server.pid])
    check.equal(asked.status, 2)
    check.matches(asked.err, r"^fdtrail attach: process \d+ can't load the library \(libc\.so\.9: [^\n]*\); it goes "
                             r"on untraced: [^\n]*\n\Z")
    check.equal(wait_until(lambda: state(server.pid)[0] == was[0] and state(server.pid)), was)
    check.lacks(open(f"/proc/{server.pid}/maps").read(), "libfdtrail")
    attach(server.pid)


@test("a library of another version is refused before the process is touched")
def _():
    folder = temp_dir()
    (folder / "tools").mkdir()
    (folder / "preload").mkdir()
    shutil.copy(FDTRAIL, folder / "tools" / "fdtrail")
    (folder / "preload" / "libfdtrail.so").write_bytes(LIBRARY.read_bytes().replace(b"fdtrail\0", b"fdtrial\0"))
    server = Server()
    asked = run_bare([folder / "tools" / "fdtrail", "attach", "-b", server.pid])
    check.equal(asked.status, 2)
    check.contains(asked.err, "reinstall fdtrail")


@test("a thread that holds the loader's lock: after 2 s one line, the program goes on, and a later attach works")
def _():
    folder = temp_dir()
    (folder / "slow.c").write_text("""
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void constructor(void)
{
	puts("constructs");
	fflush(stdout);
	sleep(8);
}
""")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "slow.so", folder / "slow.c"], check=True)
    server = start_c(f"""
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *load(void *unused) {{ dlopen("{folder}/slow.so", RTLD_NOW); puts("loaded"); fflush(stdout); return unused; }}
int main(void) {{ pthread_t thread; pthread_create(&thread, NULL, load, NULL); for (;;) pause(); }}
""", ready="constructs\n")
    asked = fdtrail("attach", "-b", str(server.pid))
    check.equal(asked.status, 2)
    check.matches(asked.err, r"^fdtrail attach: process \d+ did not load the library within 2 s, because [^\n]*\n\Z")
    check.lacks(server.out, "loaded")
    wait_until(lambda: "loaded\n" in server.out, 20)
    # The library has come in the end, and has done nothing.
    check.contains(fdtrail("snapshot", "--raw", str(server.pid)).out, "taken from outside")
    attach(server.pid)


@test("no descriptor number of the program's is taken while it is attached to")
def _():
    server = start_c("""
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *wait_for(void *unused) { for (;;) pause(); return unused; }
int main(void)
{
	pthread_t thread;
	int lowest = dup(0);
	close(lowest);
	pthread_create(&thread, NULL, wait_for, NULL);
	for (long i = 0;; i++) {
		int fd = open("/dev/null", O_RDONLY);
		if (fd != lowest || close(fd) != 0)
			printf("bad: %d\\n", fd), fflush(stdout);
		if (i == 1000)
			puts("ready"), fflush(stdout);
	}
}
""")
    for _ in range(5):
        attach(server.pid)
        detach(server.pid)
    check.lacks(server.out, "bad")


@test("a program that uses SIGUSR1 keeps it, and another signal asks for snapshots")
def _():
    server = start([PYTHON, "-c", """
import signal, socket, time
signal.signal(signal.SIGUSR1, lambda *_: print("asked", flush=True))
print("ready", flush=True)
kept = []
while True:
    time.sleep(0.05)
    if len(kept) < 10: kept.append(socket.socket())
"""])
    attach(server.pid)
    wait_until(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) >= 13)
    taken = snapshot_text.parse_all(fdtrail("snapshot", "--raw", str(server.pid)).out)[0]
    check.matches(taken.why, r"^signal \d+ by fdtrail snapshot")
    check.lacks(server.out, "asked")
    server.send(signal.SIGUSR1)
    wait_until(lambda: "asked\n" in server.out)
    detach(server.pid)
    server.send(signal.SIGUSR1)
    wait_until(lambda: server.out.count("asked\n") == 2)


@test("a program whose signals have their default actions ends by them after a detach, without a snapshot: {}",
      each=["TERM", "INT", "USR1", "ALRM"])
def _(name):
    server = Server()
    attach(server.pid)
    server.leak()
    detach(server.pid)
    server.process.send(getattr(signal, "SIG" + name))
    check.equal((server.process.wait().status, server.process.err), (-getattr(signal, "SIG" + name), ""))


@test("the snapshot at the end comes after the program's own exit handlers, and says how it ended")
def _():
    server = start_c("""
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static int closed_at_exit, leaked;
static volatile sig_atomic_t asked;
static void finish(void) { close(closed_at_exit); }
static void handle(int number) { asked = number; }
int main(void)
{
	atexit(finish);
	signal(SIGTERM, handle);
	puts("ready");
	fflush(stdout);
	while (!asked)
		pause();
	closed_at_exit = open("/dev/zero", O_RDONLY);
	leaked = open("/dev/null", O_RDONLY);
	return 3;
}
""")
    attach(server.pid)
    server.send(signal.SIGTERM)
    check.equal(server.wait().status, 3)
    taken = snapshot_text.parse_all(server.err)
    check.equal(len(taken), 1, server.err)
    check.equal(taken[0].why, "exit with status 3")
    check.equal(sum(group.count for group in opened(taken[0])), 1)


@test("libraries that are loaded later are recorded, and so are forked children; detaching ends it in them, too")
def _():
    server = start_c(f"""
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <unistd.h>
static volatile sig_atomic_t asked;
static void handle(int number) {{ asked = number; }}
int main(void)
{{
	signal(SIGUSR2, handle);
	puts("ready");
	fflush(stdout);
	while (!asked)
		pause();
	void *deep = dlopen("{LIBRARIES}/libdeep.so", RTLD_NOW | RTLD_DEEPBIND);
	void *plain = dlopen("{LIBRARIES}/libcloses.so", RTLD_LAZY | RTLD_LOCAL);
	((int (*)(void))dlsym(deep, "opens_in_the_library"))();
	int child = fork();
	if (child == 0)
		open_in_child();
	printf("%d done %d\\n", child, plain != NULL);
	fflush(stdout);
	for (;;)
		pause();
}}
""".replace("int main(void)", """#include <fcntl.h>
static __attribute__((noinline)) void open_in_child(void) { open("/dev/zero", O_RDONLY); puts("child"); fflush(stdout); for (;;) pause(); }
int main(void)"""))
    attach(server.pid)
    server.send(signal.SIGUSR2)
    wait_until(lambda: "done 1\n" in server.out and "child\n" in server.out)
    child = re.search(r"(\d+) done", server.out)[1]
    asked = fdtrail("snapshot", "--raw", "--children", str(server.pid))
    taken = {found.pid: found for found in snapshot_text.parse_all(asked.out)}
    functions = [group.functions[0] for group in opened(taken[server.pid])]
    check.equal(sorted(functions), ["opens_in_the_constructor", "opens_in_the_library"])
    check.contains([group.functions[0] for group in opened(taken[int(child)])], "open_in_child")
    asked = fdtrail("detach", str(server.pid))
    check.equal(len(re.findall("^fdtrail: detached from", asked.err, re.MULTILINE)), 2, asked.err)
    check.contains(fdtrail("snapshot", "--raw", child).out, "taken from outside")


@test("in the foreground: --until-growth shows the leak, detaches, and exits with 1; --for ends with 0")
def _():
    server = Server()
    waiting = start_traced([FDTRAIL, "attach", "--until-growth=10", server.pid], traced=False)
    wait_until(lambda: "attached to" in waiting.err)
    server.leak()
    check.equal(waiting.wait().status, 1)
    check.matches(waiting.out, r"^attached\S*, process \d+: 10 unclosed descriptors in \d+ groups?; 12 open before fdtrail came")
    check.contains(waiting.out, "leaks_a_socket")
    check.matches(waiting.err, rf"^fdtrail: attached\S*, process {server.pid}: 10 more open than when fdtrail came$")
    check.matches(waiting.err, "^fdtrail: detached from ")
    refused(server.pid, "isn't attached", verb="detach")
    check.equal(fdtrail("attach", "--for=0.3", server.pid).status, 0)
    refused(server.pid, "isn't attached", verb="detach")


@test("in the foreground: {} shows what is open and detaches", each=["INT", "TERM", "HUP", "QUIT"])
def _(name):
    server = Server()
    waiting = start_traced([FDTRAIL, "attach", server.pid], traced=False)
    wait_until(lambda: "attached to" in waiting.err)
    server.leak()
    waiting.send(getattr(signal, "SIG" + name))
    check.equal(waiting.wait().status, 0)
    check.contains(waiting.out, "leaks_a_socket")
    refused(server.pid, "isn't attached", verb="detach")


@test("the options of the tracer are in force: a threshold, EMFILE and --output")
def _():
    server = Server()
    report = temp_dir() / "report"
    attach(server.pid, "--threshold=18", f"--output={report}", "--depth=1")
    server.leak()
    found = wait_until(lambda: report.exists() and snapshot_text.parse_all(report.read_text()))
    check.matches(found[0].why, "^threshold: ")
    check.equal(max(len(group.frames) for group in found[0].groups), 1, "frames")
    asked = fdtrail("attach", "-b", "--depth=0", server.pid)
    check.equal((asked.status, asked.err), (2, "fdtrail attach: --depth=0 is not accepted: a number of frames from 1 to "
                                               "256\n"))


@test("several processes, and all of a name, are attached to with one command")
def _():
    servers = [Server(), Server()]
    asked = fdtrail("attach", "-b", *[server.pid for server in servers])
    check.equal((asked.status, len(re.findall("^fdtrail: attached to", asked.err, re.MULTILINE))), (0, 2))
    asked = fdtrail("detach", *[server.pid for server in servers])
    check.equal(asked.status, 0)
    copy = temp_dir() / f"att{os.getpid() % 100000}"
    shutil.copy(program("attached"), copy)
    named = start([copy, "2", "/nonexistent"])
    asked = fdtrail("attach", "-b", f"--name={copy.name}")
    check.equal(asked.status, 0, asked.err)
    check.contains(asked.err, f"process {named.pid} ")


@test("fdtrail may be killed at any moment: the program goes on, and no thread of it stays stopped", timeout=120)
def _():
    server = Server(threads=8)
    chance = random.Random(seed())
    for _ in range(60):
        # A session of its own, so that the child that borrows the thread is killed with it.
        killed = subprocess.Popen([FDTRAIL, "attach", "-b", server.pid], stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.random() * 0.03)
        try:
            os.killpg(killed.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        killed.wait()
        check.equal(server.process.status, None)
        wait_until(lambda: not {"t", "T"} & set(thread_states(server.pid)), what="the release of all threads")
        fdtrail("detach", server.pid)
    wait_until(lambda: len(os.listdir(f"/proc/{server.pid}/task")) == 9, 30, "the end of our threads")
    for thread in os.listdir(f"/proc/{server.pid}/task"):
        check.contains(open(f"/proc/{server.pid}/task/{thread}/status").read(), "SigBlk:\t0000000000000000")
    attach(server.pid)
    server.leak()
    check.equal(sum(group.count for group in opened(server.snapshot())), 10)


@test("a program of 100 threads is paused in one thread, for at most 20 ms")
def _():
    server = Server(threads=100)
    paused = []
    for _ in range(5):
        paused.append(float(re.search(r"paused for ([\d.]+) ms", attach(server.pid).err)[1]))
        detach(server.pid)
    ran("attach", f"paused for {min(paused)} to {max(paused)} ms, 100 threads")
    # The machine may be busy: then the thread waits for a processor, too.
    check.at_most(min(paused), 20, "ms")
    check.equal(server.process.out.count("EINTR"), 0)


@test("a program in another pid namespace, as in a container, is attached to from outside, and shows its leak")
def _():
    require_attach()
    go, there = temp_dir() / "go", temp_dir() / "there"
    there.mkdir()
    # Its file is in its own mount namespace only.
    shell = start([require("unshare"), "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c",
                   f"mount -t tmpfs none {there} && cp {program('attached')} {there}/served && "
                   f"exec {there}/served 1 {go}"])
    server, = map(int, Path(f"/proc/{shell.pid}/task/{shell.pid}/children").read_text().split())
    attach = start([FDTRAIL, "attach", "--until-growth=10", str(server)], ready="")
    wait_until(lambda: "attached to served, process" in attach.err)
    go.touch()
    wait_until(lambda: attach.status is not None)
    check.equal(attach.status, 1)
    check.matches(attach.out, r"look first at: 10 tcp sockets[^\n]*, opened in leaks_a_socket at \S*attached\.c:\d+\n")
    check.contains(attach.out, f"served, process {server}: ")
    check.contains(attach.err, f"process {server} is process 1 in its own pid namespace")
    check.contains(attach.err, "detached from served")


@test("--children attaches to descendants, but to no fdtrail command among them")
def _():
    require_attach()
    go = temp_dir() / "go"
    shell = start(["sh", "-c", f"{program('attached')} 1 {go} & {FDTRAIL} attach --for=20 $! & wait"])
    wait_until(lambda: "attached to" in shell.err)
    asked = fdtrail("attach", "-b", "--children", str(shell.pid))
    check.equal(asked.status, 2)  # one is attached to already, by the other command
    check.matches(asked.err, r"^fdtrail: attached to sh, ")
    check.equal(len(re.findall("^fdtrail: attached to", asked.err, re.MULTILINE)), 1)
    check.equal(len(re.findall("^fdtrail attach: process .* is attached already", asked.err, re.MULTILINE)), 1)


@test("a program that is just being started in the process is attached to when its C library is there")
def _():
    require_attach()
    fifo, go = temp_dir() / "fifo", temp_dir() / "go"
    os.mkfifo(fifo)
    # The loader waits in open(2) for somebody to write the file that it was told to load first.
    server = start([program("attached"), "1", str(go)], ready="", env={"LD_PRELOAD": str(fifo)})
    maps = Path(f"/proc/{server.pid}/maps")
    try:
        wait_until(lambda: "/attached\n" in maps.read_text())
        check.lacks(maps.read_text(), "libc.so")
        early = fdtrail("attach", "-b", str(server.pid))
        check.equal(early.status, 2)
        check.matches(early.err, r"^fdtrail attach: process \d+ has not loaded its C library, because its program is "
                                 r"just being started: try again\n$")
        patient = start([FDTRAIL, "attach", "-b", str(server.pid)], ready="")
        time.sleep(0.2)
    finally:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
    wait_until(lambda: patient.status is not None)
    check.matches(patient.err, r"^fdtrail: attached to attached, process ")


@test("a process that executes another program during an attach is attached to in that program")
def _():
    require_attach()
    go = temp_dir() / "go"
    # No thread of a process that waits in write(2) is chosen.
    shell = subprocess.Popen(["sh", "-c", f"printf %200000s; exec {program('attached')} 1 {go}"],
                             stdout=subprocess.PIPE)
    try:
        wait_until(lambda: re.match(r"1 0x1 ", open(f"/proc/{shell.pid}/syscall").read()))
        attach = start([FDTRAIL, "attach", "-b", str(shell.pid)], ready="")
        time.sleep(0.3)
        check.equal(attach.status, None)
        shell.stdout.read(200_000)
        wait_until(lambda: attach.status is not None)
        check.matches(attach.err, r"^fdtrail: attached to attached, process ")
        check.equal(attach.status, 0)
    finally:
        shell.kill()
        shell.wait()


@test("16 threads that allocate, open, throw, load, start threads and fork notice nothing of 100 attaches", timeout=500)
def _():
    storm = attach_storm.run(100)
    check.lacks(storm, "bad")
    ran("attach", storm)


main()
