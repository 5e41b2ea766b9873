// SPDX-License-Identifier: MIT
/*
 * Breakpoints by the processor's debug registers (ptrace(2), PTRACE_POKEUSER; struct user,
 * u_debugreg). Nothing is written to the program's code, so no forked child trips over one, and no
 * instruction has to be stepped over: the kernel sets the resume flag when it reports the trap.
 * Each thread has its own registers, and a new one has none: the engine arms every thread that there
 * is when they are first needed, and each new one at its first stop; exec disarms.
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
		addresses[BREAKPOINTS_MAX]; /* at run time; each the first byte of an instruction */
	size_t count;
	int trouble; /* of breakpoints_arm: the last negative errno; 0: none */
};

/* Arms the stopped thread. 0, or a negative errno, which is noted, too: this machine or its kernel
 * gives no breakpoints, or the thread is gone. */
int breakpoints_arm(pid_t thread, struct breakpoints *breakpoints);

/* Which of them the thread stands at, in a signal-delivery-stop by SIGTRAP; -1: none, the signal is
 * the program's own. */
int breakpoints_hit(pid_t thread, const struct breakpoints *breakpoints);
