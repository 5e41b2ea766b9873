#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stacks of programs that are linked dynamically with musl, whose libc has no unwind data: through calls of
libc's functions, and through functions that libc calls."""

import subprocess

import snapshot_text
from support import BUILD, check, main, require, run_bare, temp_dir, test

FDTRAIL = BUILD / "tools" / "fdtrail"

SOURCE = """
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#define FRAME __attribute__((noinline, noclone))
static volatile int sink;
static FILE *volatile file;
FRAME static void leak_open(void) { sink = open("/dev/null", O_RDONLY); sink++; }
FRAME static void leak_fopen(void) { file = fopen("/dev/zero", "r"); sink++; }
/* Nothing in libc calls it. */
FRAME static void leak_tmpfile(void) { file = tmpfile(); sink++; }
FRAME static int leak_compare(const void *left, const void *right)
{
	if (*(const int *)left + *(const int *)right == 3)
		sink = socket(AF_INET, SOCK_STREAM, 0);
	return *(const int *)left - *(const int *)right;
}
FRAME static void sort_some(void) { int numbers[2] = {2, 1}; qsort(numbers, 2, sizeof(int), leak_compare); sink++; }
FRAME static void leak_thread(void) { sink = socket(AF_UNIX, SOCK_STREAM, 0); sink++; }
static void *run(void *argument) { leak_thread(); sink++; return argument; }
int main(void)
{
	pthread_t thread;

	leak_open();
	leak_fopen();
	leak_tmpfile();
	sort_some();
	if (pthread_create(&thread, NULL, run, NULL) || pthread_join(thread, NULL))
		return 1;
	_exit(0);
}
"""
# The expected callers, by the innermost function, up to the start of the program or thread.
STACKS = {
    "leak_open": ["main", "_start"],
    "leak_fopen": ["main", "_start"],
    "leak_tmpfile": ["main", "_start"],
    "leak_compare": ["sort_some", "main", "_start"],
    "leak_thread": ["run"],
}
VARIANTS = [(), ("-O0",), ("-Os",), ("-fno-plt",), ("-fcf-protection=none",), ("-Wl,--eh-frame-hdr",),
            ("-no-pie", "-fno-pie"), ("-fno-omit-frame-pointer", "-fno-asynchronous-unwind-tables"),
            ("-fomit-frame-pointer", "-fno-asynchronous-unwind-tables")]


@test("the stacks of a program that is linked with musl dynamically are whole: {}",
      each=[(flags,) for flags in VARIANTS])
def _(flags):
    folder = temp_dir()
    built, output = folder / "leaks", folder / "snapshot"
    (folder / "leaks.c").write_text(SOURCE)
    subprocess.run([require("musl-gcc"), "-O2", "-g", *flags, "-o", built, folder / "leaks.c"], check=True)
    run = run_bare([FDTRAIL, "run", f"--output={output}", f"--report={output}.report", "--", built])
    check.equal(run.status, 0)
    found = {}
    for snapshot in snapshot_text.parse_all(output.read_text()):
        for group in snapshot.groups:
            check.lacks(group.text, "(incomplete")
            # Functions of libc have the names of its dynamic symbols, if any.
            named = [frame.function for frame in group.frames if "/leaks+" in frame.text]
            found[named[0]] = named[1:]
    check.equal(found, STACKS)


main()
