// SPDX-License-Identifier: MIT
/*
 * The process that traces: one loop over waitpid(2) that knows every kind of ptrace stop, and what
 * the parts which it calls share.
 */
#pragma once

#include <sys/user.h>

#include "preload/core/policy/options.h"
#include "engine.h"
#include "tracee.h"

struct tracer {
	struct tracees tracees;
	struct options options;
	const struct engine_request *request;
	int main_pid; /* the program itself */
};

/* Traces the process main_pid, which has been seized, and all that come from it, until none is
 * left. Its first exec is what makes it the program. */
void tracer_run(struct tracer *tracer);

/* The registers of a stopped task; false when it has been killed meanwhile. */
bool tracer_registers(const struct task *task, struct user_regs_struct *registers);

/* The task is about to have a connection that it has not accepted: it stands before connect(2), or
 * behind what gives it one. From the first one of a process on its requests are noted (go_http.h);
 * before, it has none to make, and each switch to a thread with breakpoints takes the kernel
 * longer. */
void tracer_connects(const struct tracer *tracer, struct task *task);
