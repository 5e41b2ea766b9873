// SPDX-License-Identifier: MIT
/*
 * Borrows a thread of another process for a moment, by ptrace(2), and lets it make system calls and
 * call one function. The thread must hold no lock that the function needs (thread_choice.h). When
 * it goes on, it doesn't notice: a call that it was waiting in is repeated as after any stop, and a
 * call that the kernel would end with EINTR is repeated, too, unless a handler of the program runs.
 * If we are killed while the thread has our registers, it restores itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "libc_symbols.h"

enum {
	BORROWED_XSTATE = 16384, /* at most: vector registers in the kernel's form */
	BORROWED_STACK = 64 * 1024,
};

struct borrowed_thread {
	int tid;
	struct user_regs_struct registers; /* as they were, and will be */
	uint8_t xstate[BORROWED_XSTATE];
	size_t xstate_size;
	uint64_t mask;         /* of blocked signals */
	uintptr_t instruction; /* a system call in the C library that a return follows */
	uintptr_t restorer;    /* code there that calls rt_sigreturn(2) */
	uint64_t stopped_ns;   /* CLOCK_MONOTONIC when it was stopped */
	bool changed;          /* its registers are ours */
};

/* Prepares the calling process, which borrows threads and does nothing else: blocks all signals, so
 * that none ends it while a thread is borrowed, but SIGALRM, which ends its waits. */
void borrowed_begin(void);

/* Stops the thread. 0, or a negative errno: -EPERM we may not, or another process traces it;
 * -ETIMEDOUT it did not stop in time, and will be released when we end; -ESRCH. After 0
 * borrowed_release must follow. */
int borrowed_stop(struct borrowed_thread *thread, int tid, const struct libc_symbols *symbols);

/* Makes the system call in the thread. Returns what the kernel returned, or a negative errno of
 * ptrace(2). */
long borrowed_syscall(struct borrowed_thread *thread, long number, const long arguments[6]);

struct borrowed_call {
	uintptr_t function;
	uintptr_t arguments[4];
	uintptr_t returns; /* the address of attach_code_return in the process */
	uintptr_t stack;   /* the end of a stack for it, BORROWED_STACK bytes, aligned to 64 */
};

/* Calls a function that returns an int. *result is what it returned. 0, or a negative errno. */
int borrowed_call(struct borrowed_thread *thread, const struct borrowed_call *call, int *result);

/* Lets the thread go on as it was. Returns for how long it was stopped, in nanoseconds. */
uint64_t borrowed_release(struct borrowed_thread *thread);
