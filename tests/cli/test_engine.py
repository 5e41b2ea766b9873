#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ptrace engine: it knows the same as the preload and /proc, and the program can't tell that it is traced.
meson.build runs the preload's own tests under this engine, too."""

import ctypes
import os
import resource
import signal
import struct

from support import (BUILD, check, compile_program, go_program, leftovers, main, program, require, run_bare,
                     run_traced, skip, start_traced, temp_dir, test, wait_until)

TRACE = BUILD / "tests" / "trace"
STORMS = [("goroutines",), ("exec",), ("connections", "500")]
VARIANTS = ["default", "nocgo"]


def traced(argv, **arguments):
    return run_traced(argv, engine="ptrace", **arguments)


def started(argv, **arguments):
    return start_traced(argv, engine="ptrace", **arguments)


def limited(soft, hard):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def status_of(pid, name):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(line.split()[1] for line in file if line.startswith(name + ":"))


def listed(snapshot):
    return sorted(fd for group in snapshot.groups for fd in group.fds)


# The same as the preload

def chains(run):
    """The parts of a snapshot that are the same in every run: for each group its kind, its count, and the
functions up to main."""
    found = []
    for group in run.last.groups:
        functions = group.functions
        if "main" in functions:
            functions = functions[:functions.index("main") + 1]
        found.append((group.sentence, group.kind, group.count, functions))
    return sorted(found, key=repr)


@test("the groups are the same as the preload's: {}", each=[
    (("ends", "return", "7"),), (("ends", "_exit", "3"),), (("forks", "fork"),), (("vforks", "exec"),),
    (("loops", "socket", "100"),), (("grows",),), (("signals", "sigaction"),), (("closes_all", "closefrom"),)])
def _(words):
    runs = [run_traced([program(words[0]), *words[1:]], engine=engine, VERBOSE=1) for engine in ("preload", "ptrace")]
    check.equal(runs[0].status, runs[1].status)
    check.equal(chains(runs[1]), chains(runs[0]))


# The ledger against /proc at the end

@test("a storm of {0} ({1}): the ledger has exactly the descriptors that are open at the end",
      each=[(storm, variant) for storm in STORMS for variant in VARIANTS], timeout=120)
def _(storm, variant):
    run = traced([go_program("storm", variant), *storm], INHERITED=1, SHOW="all", timeout=110,
                 preexec=limited(4096, 4096))
    check.equal((run.status, run.err), (0, ""))
    check.equal(listed(run.last), sorted(map(int, run.out.split())))
    check.lacks(run.reports[f"report.{run.pid}"], "behind")


@test("ten thousand connections: each is listed with the function that opened it", timeout=240)
def _():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = min(10000, (hard - 50) // 2)
    run = traced([go_program("storm", "nocgo"), "connections", str(count)], SHOW="all", timeout=230,
                 preexec=limited(hard, hard))
    check.equal((run.status, run.err), (0, ""))
    check.equal(run.last.groups[0].count, count)
    check.equal(sum(group.count for group in run.last.groups if group.kind == "tcp"), 2 * count + 1)


@test("when a Go program runs out of descriptors, a snapshot is taken at once (ulimit -n 64)")
def _():
    run = traced([go_program("storm", "nocgo"), "leak"], preexec=limited(64, 64))
    check.equal(run.status, 0)
    first = run.snapshots[0]
    check.contains(first.why, "EMFILE: socket() failed")
    check.contains(first.groups[0].functions, "main.leak")
    check.equal(len(run.out.split()), 64)
    check.equal(sum(group.count for group in first.groups), 64 - 3)


# The program can't tell that it is traced

@test("process id, parent, exit status and children are those of an untraced program")
def _():
    words = ["sh", "-c", "cat /proc/$$/task/$$/children; echo $$ $PPID; wait; exit 7"]
    run = traced(words)
    check.equal(run.status, 7)
    own, parent = run.out.split()[-2:]
    check.equal((int(own), int(parent)), (run.pid, os.getpid()))
    check.equal(len(run.out.split()), 3, "children: cat alone")


@test("SIGSTOP stops the program and SIGCONT wakes it, as its parent sees")
def _():
    run = started([program("ends"), "wait", "2"])
    wait_until(lambda: "buffered" in run.out, what="the program's line")
    run.send(signal.SIGSTOP)
    pid, status = os.waitpid(run.pid, os.WUNTRACED)
    check.true(os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGSTOP, "it is reported as stopped")
    run.send(signal.SIGCONT)
    pid, status = os.waitpid(run.pid, os.WCONTINUED)
    check.true(os.WIFCONTINUED(status), "it is reported as woken")
    check.equal(run.snapshot().groups[0].functions[0], "leaks_files")


@test("an orphan of the program stays traced, and nobody waits for it")
def _():
    folder = temp_dir()
    run = traced(["sh", "-c", f"(sleep 1; exec 7</dev/null; echo opened >{folder}/done; sleep 0.1) & exit 3"],
                 timeout=10)
    check.equal(run.status, 3)
    check.true(not (folder / "done").exists(), "the program's end is seen before its orphan's")
    wait_until(lambda: (folder / "done").exists() and (folder / "done").read_text() == "opened\n",
               what="what the orphan writes")


@test("the tracer holds neither the program's input nor its output open")
def _():
    run = started([program("ends"), "wait", "1"])
    wait_until(lambda: "buffered" in run.out, what="the program's line")
    tracer = status_of(run.pid, "TracerPid")
    targets = [os.readlink(f"/proc/{tracer}/fd/{fd}") for fd in os.listdir(f"/proc/{tracer}/fd")]
    check.lacks(targets, str(run.dir / "stdout"))


@test("a reader of the program's stderr sees its end, though a daemon of it lives on")
def _():
    run = run_bare(["sh", "-c", f"{TRACE} /bin/sh -c 'sleep 5 <&- >&- 2>&- & exit 3' 2>&1 >/dev/null | cat; echo end"],
                   timeout=4)
    check.equal(run.out, "end\n")


@test("when the tracer is killed, the program ends, too, because it could not open anything any more")
def _():
    run = started([program("ends"), "wait", "1"])
    wait_until(lambda: "buffered" in run.out, what="the program's line")
    os.kill(int(status_of(run.pid, "TracerPid")), signal.SIGKILL)
    check.equal(run.wait().status, -signal.SIGKILL)


@test("SIG{} to the tracer, as service stops and pkill -f send it, ends neither it nor the program",
      each=["TERM", "HUP", "INT", "USR1", "XCPU", "XFSZ", "RTMIN"])
def _(name):
    run = started([program("ends"), "wait", "1"])
    wait_until(lambda: "buffered" in run.out, what="the program's line")
    os.kill(int(status_of(run.pid, "TracerPid")), getattr(signal, "SIG" + name))
    check.equal(run.snapshot().groups[0].functions[0], "leaks_files")


@test("the tracer shares the program's session, and so its share of the processor, but not its process group")
def _():
    run = started([program("ends"), "wait", "1"])
    wait_until(lambda: "buffered" in run.out, what="the program's line")
    tracer = int(status_of(run.pid, "TracerPid"))
    check.equal(os.getsid(tracer), os.getsid(run.pid))
    check.true(os.getpgid(tracer) != os.getpgid(run.pid), "the tracer's process group is another")
    os.killpg(os.getpgid(run.pid), signal.SIGSTOP)
    os.waitpid(run.pid, os.WUNTRACED)
    check.true(status_of(tracer, "State") in "RSD", "the tracer is not stopped")
    run.send(signal.SIGCONT)
    check.equal(run.snapshot().groups[0].functions[0], "leaks_files")


def scheduling(pid):
    """The values of sched_getattr(2): policy, nice, and the length of a turn (0 before Linux 6.12)."""
    attributes = ctypes.create_string_buffer(48)
    if ctypes.CDLL(None).syscall(315, pid, attributes, 48, 0) != 0:
        skip("sched_getattr(2) is not to be had")
    _, policy, _, nice, _, runtime, _, _ = struct.unpack("IIQiIQQQ", attributes.raw)
    return policy, nice, runtime


@test("the tracer is scheduled like the program, {}; only its time slices are shorter",
      each=[("as usual", os.SCHED_OTHER, 0), ("nice", os.SCHED_OTHER, 3), ("in batches", os.SCHED_BATCH, 0)])
def _(name, policy, nice):
    def prepare():
        os.sched_setscheduler(0, policy, os.sched_param(0))
        os.nice(nice)

    run = started([program("ends"), "wait", "1"], preexec=prepare)
    wait_until(lambda: "buffered" in run.out, what="the program's line")
    own, tracer = scheduling(run.pid), scheduling(int(status_of(run.pid, "TracerPid")))
    check.equal(tracer[:2], own[:2])
    check.equal(own, (policy, nice + os.nice(0), scheduling(os.getpid())[2]))
    check.at_most(tracer[2], own[2] if name == "in batches" else 100_000, "ns of the tracer's turn")


@test("a program without standard input, output or error is traced, and those numbers stay closed")
def _():
    run = traced([program("ends"), "return", "1"], preexec=lambda: os.closerange(0, 3))
    check.equal(run.status, 3)
    check.equal(run.last.groups[0].functions[0], "leaks_files")


FORKS = r"""
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 100; i++) {
		int ends[2];
		if (pipe(ends) != 0)
			return 1;
		pid_t forker = fork();
		while (forker == 0) {
			if (fork() == 0)
				_exit(0);
			waitpid(-1, NULL, WNOHANG);
		}
		close(ends[1]);
		usleep(100 + rand() % 2000);
		kill(forker, SIGKILL);
		waitpid(forker, NULL, 0);
		/* Ends when the last of its children has. */
		if (poll(&(struct pollfd){.fd = ends[0]}, 1, 20000) != 1)
			return 2;
		close(ends[0]);
	}
	return 0;
}
"""


@test("when a process is killed while it forks, its new child goes on")
def _():
    source = temp_dir() / "forks.c"
    source.write_text(FORKS)
    check.equal(traced([compile_program(source)]).status, 0)


@test("the tracer ends with the last process that it traces")
def _():
    run = traced([program("ends"), "return", "1"])
    check.equal(run.status, 3)
    wait_until(lambda: [pid for pid in leftovers() if status_of(pid, "State") != "Z"] == [],
               what="nobody left behind")


@test("a script without a #! line is run by the shell, as by execvp")
def _():
    script = temp_dir() / "script"
    script.write_text("echo $0 $*\n")
    script.chmod(0o755)
    check.equal(traced([script, "one", "two"]).out, f"{script} one two\n")


# Programs that can't be traced

@test("a program that is already traced: one line and 125")
def _():
    run = run_bare([require("strace"), "-f", "-o", "/dev/null", TRACE, program("ends"), "return", "1"])
    check.equal((run.status, run.out), (125, ""))
    check.matches(run.err, r"\Afdtrail run: can't trace \S+: process \d+ traces it already, .*\n\Z")


@test("a program that does not exist: one line and 127; one that can't be executed: 126")
def _():
    run = run_bare([TRACE, "/nonexistent"])
    check.equal(run.status, 127)
    check.matches(run.err, r"\Afdtrail run: can't execute /nonexistent: No such file or directory\n\Z")
    check.equal(run_bare([TRACE, "/etc/passwd"]).status, 126)


# Threads and tables

THREADS = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#define FRAME __attribute__((noinline, noclone))
static volatile int sink;
FRAME static void leaks_a_socket(void) { sink = socket(AF_INET, SOCK_STREAM, 0); sink++; }
static char state(void)
{
	char text[512] = "";
	int fd = open("/proc/self/stat", O_RDONLY);
	ssize_t size = read(fd, text, sizeof(text) - 1);
	close(fd);
	return size > 0 ? strrchr(text, ')')[2] : 0;
}
static void *outlives_main(void *executes)
{
	while (state() != 'Z')
		usleep(1000);
	leaks_a_socket();
	kill(getpid(), SIGUSR1);
	if (executes)
		execl("/bin/sh", "sh", "-c", "exit 4", (char *)NULL);
	exit(5);
}
static int opens_in_shared_table(void *data) { leaks_a_socket(); return 0; }
int main(int count, char **words)
{
	static char stack[65536];
	pthread_t thread;
	if (strcmp(words[1], "shared") == 0) {
		waitpid(clone(opens_in_shared_table, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD, NULL), NULL, 0);
		return 0;
	}
	if (strcmp(words[1], "unshared") == 0) {
		leaks_a_socket();
		if (vfork() == 0) {
			syscall(436 /* close_range */, 3, ~0u, 2 /* CLOSE_RANGE_UNSHARE */);
			_exit(0);
		}
		return 0;
	}
	signal(SIGUSR1, SIG_IGN);
	pthread_create(&thread, NULL, outlives_main, strcmp(words[1], "executes") == 0 ? words : NULL);
	pthread_exit(NULL);
}
"""


@test("{1}: open descriptors are listed with their openers", each=[
    ("outlives", "the main thread has ended before the others", 5), ("executes", "another thread executes", 4),
    ("shared", "a process shares its parent's table", 0), ("unshared", "a child leaves its parent's table", 0)])
def _(mode, title, status):
    source = temp_dir() / "threads.c"
    source.write_text(THREADS)
    run = traced([compile_program(source), mode])
    check.equal((run.status, run.err), (status, ""))
    first = run.snapshots[0]
    check.equal([(group.kind, group.count, group.functions[0]) for group in first.groups],
                [("tcp", 1, "leaks_a_socket")])
    check.lacks(first.text, "behind")


# Similar stacks

CALLERS = r"""
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#define FRAME __attribute__((noinline, noclone))
static volatile int sink;
FRAME static void opens(void) { sink = open("/dev/null", O_RDONLY); sink++; }
FRAME static void left(void) { opens(); sink++; }
FRAME static void right(void) { opens(); sink--; }
FRAME static void turns(int lefts, int rights)
{
	while (lefts || rights) {
		if (lefts && lefts--)
			left();
		if (rights && rights--)
			right();
	}
}
int main(void)
{
	turns(20, 20);
	pid_t child = fork();
	turns(child ? 2 : 0, 5);
	if (child)
		waitpid(child, NULL, 0);
	return 0;
}
"""


def count_by_caller(snapshot):
    found = {}
    for group in snapshot.groups:
        if group.functions[:1] == ["opens"]:
            found[group.functions[1]] = found.get(group.functions[1], 0) + group.count
    return found


@test("callers that alternate at the same place of the stack are told apart, in a forked child, too: {}",
      each=[((),), (("-static",),)])
def _(flags):
    source = temp_dir() / "callers.c"
    source.write_text(CALLERS)
    run = traced([compile_program(source, flags=flags)])
    check.equal((run.status, run.err), (0, ""))
    check.equal(count_by_caller(run.last), {"left": 22, "right": 25})
    child = next(found for found in run.all_snapshots if found.pid != run.pid)
    check.equal(count_by_caller(child), {"right": 5}, "what the child has opened itself")


@test("goroutines that reuse the same memory are told apart by their creators: {}", each=VARIANTS)
def _(variant):
    run = traced([go_program("storm", variant), "turns"])
    check.equal(run.status, 0)
    check.equal([group.count for group in run.last.groups], [20, 20])
    starters = [[name for name in group.functions if name in ("main.left", "main.right")] for group in run.last.groups]
    check.equal(sorted(starters), [["main.left"], ["main.right"]])


# Other ABIs

INT80 = r"""
#include <stdio.h>
#include <sys/mman.h>
#include <string.h>
/* open("/dev/null", O_RDONLY) as i386 makes it; addresses have 32 bits there. */
__attribute__((noinline)) int opens_as_i386(const char *path)
{
	int fd;
	__asm__ volatile("int $0x80" : "=a"(fd) : "a"(5), "b"(path), "c"(0) : "memory", "r8", "r9", "r10", "r11");
	return fd;
}
int main(void)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int fd = opens_as_i386(strcpy(low, "/dev/null"));
	printf("%d\n", fd);
	return 0;
}
"""


@test("a 64-bit program's call through int 0x80 is seen")
def _():
    source = temp_dir() / "int80.c"
    source.write_text(INT80)
    run = traced([compile_program(source)])
    fd = int(run.out)
    if fd < 0:
        check.equal(fd, -38, "the kernel has no i386 calls")
        skip("the kernel has no i386 calls")
    check.equal(run.last.group_of("opens_as_i386").fds, [fd])


main()
