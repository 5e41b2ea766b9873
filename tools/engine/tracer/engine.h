// SPDX-License-Identifier: MIT
/*
 * The engine for programs that LD_PRELOAD can't see (Go, static): it watches their system calls by
 * ptrace(2), with a seccomp filter that stops only those which make, copy or end a descriptor, and
 * keeps the same ledger, takes the same stacks and writes the same snapshots as the preload.
 *
 * Like execve(2) it turns the calling process into the program. What traces is a process apart,
 * with a session of its own, that is nobody's child whom the program or its parent could wait for
 * (as strace -D does): so process id, parent, exit status, job control and the terminal are those
 * of a program that is not traced, and whoever waits for the program never waits for its daemons.
 * It ends when the last process that it traces has ended; if it is killed the kernel kills these
 * too (PTRACE_O_EXITKILL), for the filtered calls of a program without its tracer would all fail
 * (ENOSYS).
 *
 * What asks for a snapshot is as with the preload; the snapshot at the end is written before the
 * program's end can be seen by anybody.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/roster.h"

struct engine_request {
	const char *path; /* the file to execute: PATH has been searched */
	char *const *argv;
	char *const *envp;     /* the program's; FDTRAIL_<NAME> in it are the tracer's options */
	uint32_t go_ancestors; /* most goroutines of an ancestry that are kept with a stack */
	struct roster_header *roster; /* of the run; NULL: there is none */
	bool http;                    /* Go: note the last HTTP request over each connection */
};

/* Becomes the program, traced. To be called where execve(2) would be, in a process without threads.
 * Returns only when that can't be had, after one line on stderr has said why: the exit status to
 * end with, as env(1) has them: 125 it can't be traced, 126 it can't be executed, 127 there is no
 * such file. */
int engine_exec(const struct engine_request *request);
