// SPDX-License-Identifier: MIT
/*
 * The engine for programs that LD_PRELOAD can't see (Go, static). It traces their system calls with
 * ptrace(2); a seccomp filter stops only those that make, copy or end a descriptor. Ledger, stacks
 * and snapshots are the same as in the preload.
 *
 * Like execve(2), engine_exec turns the calling process into the program. The tracer is a separate
 * process, with a process group of its own, and neither the program nor its parent can wait for it
 * as for a child (as with strace -D). So process id, parent, exit status, job control and the
 * terminal are those of an untraced program, and a parent that waits for the program never waits
 * for its daemons. The tracer ends when the last process that it traces has ended. If it is killed,
 * the kernel kills the traced processes too (PTRACE_O_EXITKILL), because without a tracer all their
 * filtered calls would fail with ENOSYS.
 *
 * The triggers of snapshots are the same as in the preload. The snapshot at the end is written
 * before any other process can see that the program has ended.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/roster.h"

struct engine_request {
	const char *path; /* the file to execute: PATH has been searched */
	char *const *argv;
	char *const *envp;     /* the program's; FDTRAIL_<NAME> in it are the tracer's options */
	uint32_t go_ancestors; /* the most ancestor goroutines whose stacks are kept */
	struct roster_header *roster; /* of `fdtrail run`; NULL: there is none */
	bool planted;                 /* plant code in Go programs, so that they hardly ever stop */
	bool http;                    /* Go: note the last HTTP request over each connection */
};

/* Becomes the program, traced. Call it in place of execve(2), in a process without threads. Returns
 * only on failure, after printing one line to stderr that says why. The result is the exit status
 * to end with, as env(1) has them: 125 it can't be traced, 126 it can't be executed, 127 there is
 * no such file. */
int engine_exec(const struct engine_request *request);
