// SPDX-License-Identifier: MIT
/*
 * Makes system calls in a traced process that has just executed a program, before its first
 * instruction. It has a single thread then, which is in the stop of that exec.
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
	bool stopped; /* it got SIGSTOP meanwhile */
};

/* Leads the thread from the stop of its exec to the end of that call. 0 or a negative errno. After
 * 0 injected_end must follow. */
int injected_begin(struct injected *injected, int tid, uintptr_t instruction);

/* Makes the call. Returns what the kernel returned; or a negative errno of ptrace(2): -ESRCH, the
 * thread is being killed. */
long injected_call(struct injected *injected, long number, const unsigned long arguments[6]);

/* Restores the thread, which stays stopped. */
void injected_end(struct injected *injected);
