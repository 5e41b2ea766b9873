// SPDX-License-Identifier: MIT
/*
 * Breakpoints by the processor's debug registers (ptrace(2), PTRACE_POKEUSER; struct user,
 * u_debugreg). Nothing is written to the program's code, so no forked child trips over one, and no
 * instruction has to be stepped over: the kernel sets the resume flag when it reports the trap.
 * Each thread has its own debug registers, and a new thread's are empty: the engine arms all
 * threads when breakpoints are first needed, and each new thread at its first stop; exec disarms.
 *
 * A hit is a signal-delivery-stop by SIGTRAP with si_code TRAP_HWBKPT, which must not be passed on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BREAKPOINTS_MAX = 4 };

struct breakpoints {
	uintptr_t
		addresses[BREAKPOINTS_MAX]; /* run-time addresses of first bytes of instructions */
	size_t count;
	unsigned int planted; /* bits by index: planted code does what the breakpoint is for */
	int trouble;          /* the last negative errno of breakpoints_arm; 0: none */
};

/* Whether no debug register is needed. */
static inline bool breakpoints_none(const struct breakpoints *breakpoints)
{
	return breakpoints->planted == (1u << breakpoints->count) - 1;
}

/* Arms the stopped thread. 0, or a negative errno: the thread is gone (-ESRCH), or this machine or
 * its kernel has no breakpoints, which is noted in trouble, too. */
int breakpoints_arm(pid_t thread, struct breakpoints *breakpoints);

/* The index of the breakpoint that the thread, in a signal-delivery-stop by SIGTRAP, has hit; -1:
 * none, so the signal is the program's own. */
int breakpoints_hit(pid_t thread, const struct breakpoints *breakpoints);
