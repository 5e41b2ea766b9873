// SPDX-License-Identifier: MIT
/*
 * System calls that a hook makes itself, without the C library: those that servers make all the
 * time. A hook does so only if the C library's function comes next after the hook, and would do
 * nothing but make this system call. That saves half of what the tracer adds to an open, because
 * after a system call a processor has lost its predictions of where returns go, and has little of
 * our code and of libc's in its first cache.
 *
 * The hook makes the same system call with the same arguments as libc, so filters and watchers of
 * system calls see no difference. If a thread can be cancelled in the call (pthreads(7),
 * "Cancellation points"), the hook calls libc's function as soon as there may be a second thread.
 * It reads the same word as libc to decide that, which is possible from glibc 2.36 on; with an
 * older glibc no hook makes a system call itself.
 */
#pragma once

#include "preload/arch/kernel_call.h"
#include "preload/core/base/syscall_numbers.h"
#include "hook.h"

/* Makes a system call. Returns what libc's function would: on failure -1, with errno set. */
static inline int direct(long number, long a, long b, long c, long d)
{
	long answer = kernel_call6(number, a, b, c, d, 0, 0);

	if (__builtin_expect(answer < 0, 0)) {
		errno = (int)-answer;
		return -1;
	}
	return (int)answer;
}

/* True if a hook may make a system call itself in which no thread can be cancelled. */
static inline bool direct_always(void)
{
	return __builtin_expect(runtime.direct, 1);
}

/* The same for a system call in which a thread can be cancelled. */
static inline bool direct_alone(void)
{
	return __builtin_expect(*runtime.alone, 1);
}
