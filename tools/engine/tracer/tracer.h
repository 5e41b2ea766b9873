// SPDX-License-Identifier: MIT
/*
 * The tracing process: one loop over waitpid(2) that handles every kind of ptrace stop, and the
 * state that the parts it calls share.
 */
#pragma once

#include <sys/user.h>

#include "preload/core/policy/options.h"
#include "engine.h"
#include "tracee.h"

struct tracer {
	struct tracees tracees;
	struct options options;
	struct substitutes *substitutes; /* for FDTRAIL_REDACT; NULL: nothing is replaced */
	const struct engine_request *request;
	int main_pid;         /* the program itself */
	bool late;            /* .. which gets its filter after its exec (late_filter.h) */
	unsigned int filters; /* how many seccomp filters it has before ours */
	bool may_plant;       /* .. and they allow what planting needs */
};

/* Options for PTRACE_SEIZE and PTRACE_SETOPTIONS. spared: the kernel need not kill the task with
 * us. */
unsigned long tracer_ptrace_options(const struct tracer *tracer, bool spared);

/* Traces the process main_pid, which has been seized, and its descendants, until all have ended.
 * Its first exec makes it the program. */
void tracer_run(struct tracer *tracer);

/* Reads the registers of a stopped task. False: it has been killed. After a call that planted code
 * has moved, pc is after the instruction as the program has it in its file. */
bool tracer_registers(const struct task *task, struct user_regs_struct *registers);

/* Changes the registers to these, which come from tracer_registers. */
void tracer_set_registers(const struct task *task, const struct user_regs_struct *registers);

/* The task is about to have a connection that it hasn't accepted: it is stopped before connect(2),
 * or after a call that has given it one. Breakpoints for requests (go_http.h) are set from the
 * first connection of a process on, and not before, because the kernel switches more slowly to a
 * thread with breakpoints. */
void tracer_connects(const struct tracer *tracer, struct task *task);
