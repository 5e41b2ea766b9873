// SPDX-License-Identifier: MIT
/*
 * Makes system calls in a stopped thread of a traced process, with the registers and the signal
 * mask that they need, and leaves it as it was.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/user.h>

struct injected {
	int tid;
	uintptr_t instruction;             /* a system call instruction in the program */
	struct user_regs_struct registers; /* as they were, and will be */
	uint64_t mask;
	bool stopped;        /* it got SIGSTOP meanwhile */
	uint8_t replaced[2]; /* the code that the instruction was written over */
	bool wrote;
};

/* The thread's stop. */
enum injected_at {
	INJECTED_EXEC,     /* at PTRACE_EVENT_EXEC: its first instruction becomes a system call's
			    * meanwhile. It is the only thread */
	INJECTED_CALL,     /* in a system call, at an event of ptrace(2): the call ends first */
	INJECTED_BEFORE,   /* before one, at PTRACE_EVENT_SECCOMP: the thread makes it afterwards */
	INJECTED_RETURNED, /* after one, at its end or, in a new process, before it runs */
};

/* Prepares the thread. 0 or a negative errno. After 0 injected_end must follow. */
int injected_begin(struct injected *injected, int tid, enum injected_at at);

/* Makes the call. Returns what the kernel returned; or a negative errno of ptrace(2): -ESRCH, the
 * thread is being killed. */
long injected_call(struct injected *injected, long number, const unsigned long arguments[6]);

/* Restores the thread, which stays stopped. */
void injected_end(struct injected *injected);
