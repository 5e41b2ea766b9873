#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""FDTRAIL_ARM: the tracer sleeps until so many descriptors are open, and records stacks from then on. What was open
before is said to be; nothing counts as looked at that wasn't."""

import re

import snapshot_text
from support import (BUILD, check, compile_program, main, require_attach, run_bare, run_traced, start_traced,
                     temp_dir, test, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int last;

__attribute__((noinline, noclone)) static void leaks(void)
{
	last = socket(AF_INET, SOCK_STREAM, 0);
}

static void leak(int times)
{
	for (volatile int i = 0; i < times; i++)
		leaks();
}

static void *churn(void *data)
{
	unsigned int state = (unsigned int)(unsigned long)data;

	for (int i = 0; i < 300; i++) {
		int fd = open("/dev/null", O_RDONLY);

		if (rand_r(&state) % 4)
			close(fd);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const char *what = argv[1];
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (strcmp(what, "leak") == 0) {
		leak(number);
	} else if (strcmp(what, "asked") == 0) {
		leak(5);
		puts("ready");
		fflush(stdout);
		while (access(argv[2], F_OK) != 0)
			usleep(10000);
		leak(3);
		puts("more");
		fflush(stdout);
		for (;;)
			pause();
	} else if (strcmp(what, "full") == 0) {
		struct rlimit limit = {30, 30};

		setrlimit(RLIMIT_NOFILE, &limit);
		leak(40);
	} else if (strcmp(what, "high") == 0) {
		for (int i = 0; i < number; i++)
			dup2(0, 500 + i);
	} else if (strcmp(what, "fork") == 0) {
		leak(5);
		if (fork() == 0) {
			leak(number);
			exit(0);
		}
		wait(NULL);
	} else if (strcmp(what, "vfork") == 0) {
		leak(5);
		if (vfork() == 0) {
			leak(number);
			_exit(0);
		}
		wait(NULL);
		leak(1);
		signal(SIGUSR1, SIG_IGN);
		raise(SIGUSR1);
	} else if (strcmp(what, "threads") == 0) {
		pthread_t threads[8];

		for (unsigned long i = 0; i < 8; i++)
			pthread_create(&threads[i], NULL, churn, (void *)(i + (unsigned long)number));
		for (int i = 0; i < 8; i++)
			pthread_join(threads[i], NULL);
	}
	return 0;
}
"""


def built():
    source = temp_dir() / "armed.c"
    source.write_text(SOURCE)
    return compile_program(source)


def armed(limit, *words, **options):
    """Runs it under the library alone. Returns the run and its snapshots, of all processes."""
    folder = temp_dir()
    run = run_traced([built(), *words], ARM=limit, OUTPUT=f"{folder}/%p", **options)
    found = [snapshot for path in sorted(folder.iterdir()) if path.name.isdigit()
             for snapshot in snapshot_text.parse_all(path.read_text())]
    return run, found


def stacks(snapshot, function):
    return [group for group in snapshot.groups if group.functions and group.functions[0] == function]


@test("from the descriptor on that reaches the number, opens have stacks; the earlier ones count as open before")
def _():
    run, (snapshot,) = armed(20, "leak", 30)
    check.equal((run.status, run.err), (0, ""))
    # Numbers 0 to 18 are 19 descriptors; the one that makes it 20 is recorded.
    check.equal([group.count for group in stacks(snapshot, "leaks")], [14])
    check.matches(snapshot.text, r"(?m)^attached: ")
    check.matches(snapshot.text, r"(?m)^descriptors: 33 open")
    check.equal(sum(group.count for group in snapshot.groups), 14)


@test("below the number nothing is recorded and no snapshot is written; FDTRAIL_VERBOSE says that it slept")
def _():
    run, found = armed(20, "leak", 5)
    check.equal((run.status, run.err, found), (0, "", []))
    run, found = armed(20, "leak", 5, VERBOSE=1)
    check.matches(run.err, r"(?m)^fdtrail: armed\S*, process \d+: asleep to its end \(FDTRAIL_ARM=20\), so it isn't known "
                           r"what it has left open$")


@test("under `fdtrail run` a program that stays below the number is not passed over in silence")
def _():
    run = run_bare([FDTRAIL, "run", "--arm=20", "--", built(), "leak", "5"])
    check.equal((run.status, run.out), (0, ""))
    check.contains(run.err, "asleep to its end")


@test("`fdtrail run` keeps no limit over what it has not seen: --arm and a limit are refused together")
def _():
    run = run_bare([FDTRAIL, "run", "--arm=20", "--max-open=0", "--", "true"])
    check.equal((run.status, run.out), (125, ""))
    check.matches(run.err, r"^fdtrail run: with --arm .* no limit can be checked: leave out --arm or the limits\n$")


@test("a request for a snapshot wakes it: what is open then has no stack, what follows has one")
def _():
    go = temp_dir() / "go"
    target = start_traced([built(), "asked", go], ARM=1000, OUTPUT=None)
    wait_until(lambda: "ready\n" in target.out)
    first, = snapshot_text.parse_all(run_bare([FDTRAIL, "snapshot", "--raw", target.pid]).out)
    check.equal(stacks(first, "leaks"), [])
    check.equal(first.groups, [])
    check.matches(first.text, r"(?m)^descriptors: 8 open")
    go.touch()
    wait_until(lambda: "more\n" in target.out)
    second, = snapshot_text.parse_all(run_bare([FDTRAIL, "snapshot", "--raw", target.pid]).out)
    check.equal([group.count for group in stacks(second, "leaks")], [3])


@test("when descriptors run out it wakes, and the snapshot lists what is open")
def _():
    run, found = armed(1_000_000, "full")
    check.equal(run.status, 0)
    check.equal(len(found), 1)
    check.contains(found[0].why, "EMFILE")
    check.matches(found[0].text, r"(?m)^descriptors: 30 open")


@test("numbers that a program asks for (dup2) are counted, not taken for so many descriptors")
def _():
    _, found = armed(100, "high", 20)
    check.equal(found, [])
    _, found = armed(10, "high", 20)
    check.equal(len(found), 1)


@test("a forked child sleeps as its parent does, and wakes by itself")
def _():
    _, found = armed(20, "fork", 30)
    check.equal(len(found), 1, "snapshots: the child's")
    check.contains(found[0].text, "forked")
    check.equal([group.count for group in stacks(found[0], "leaks")], [35 - 16])


@test("a vfork child that opens many wakes nobody in its parent's memory")
def _():
    _, found = armed(20, "vfork", 60)
    first = found[0]
    check.contains(first.why, "SIGUSR1")
    check.equal(stacks(first, "leaks"), [], "nothing is recorded before the request")
    check.matches(first.text, r"(?m)^descriptors: 9 open")


@test("8 threads open and close while the number is reached: nothing is called untraced, and what is listed is open")
def _():
    for seed in range(20):
        _, (snapshot,) = armed(100, "threads", seed * 100)
        check.lacks(snapshot.text, "untraced")
        opened = int(re.search(r"(?m)^descriptors: (\d+) open", snapshot.text)[1])
        check.at_least(opened, 400)
        unclosed = sum(group.count for group in stacks(snapshot, "churn"))
        check.at_least(unclosed, opened - 110, "recorded with their stacks")


@test("N% is a part of the limit")
def _():
    _, (snapshot,) = armed("50%", "full")
    check.contains(snapshot.text, "descriptors: 30 open")
    run = run_traced(["sh", "-c", f"ulimit -n 40; exec {built()} leak 30"], ARM="50%", OUTPUT=None)
    check.contains(run.err, "unclosed: 14 in 1 group")


@test("attach --arm: the attached library sleeps, too")
def _():
    require_attach()
    go = temp_dir() / "go"
    target = start_traced([built(), "asked", go], traced=False)
    wait_until(lambda: "ready\n" in target.out)
    attached = run_bare([FDTRAIL, "attach", "-b", "--arm=11", target.pid])
    check.equal(attached.status, 0)
    check.contains(attached.err, "; 8 descriptors were open before")
    go.touch()
    wait_until(lambda: "more\n" in target.out)
    found, = snapshot_text.parse_all(run_bare([FDTRAIL, "snapshot", "--raw", target.pid]).out)
    check.equal([group.count for group in stacks(found, "leaks")], [1])
    check.equal(run_bare([FDTRAIL, "detach", target.pid]).status, 0)


main()
