// SPDX-License-Identifier: MIT
/*
 * The few calls that servers make all the time, without the way through the C library. Where its
 * own function is next behind a hook, and would do nothing but its system call, the hook makes that
 * call itself: behind a system call a processor has forgotten where returns lead to, and finds
 * little of our code and of libc's in its nearest cache, so that way is half of what an open costs
 * more.
 *
 * The system call is libc's, with its arguments, so whoever filters or watches system calls sees no
 * other one. Where a thread may be cancelled in it (pthreads(7), "Cancellation points") libc's
 * function is called as soon as there may be a second thread, which libc decides by the same word
 * from glibc 2.36 on; before that no call is made directly.
 */
#pragma once

#include <sys/syscall.h>

#include "preload/arch/kernel_call.h"
#include "hook.h"

/* A system call with libc's return value, and errno. */
static inline int direct(long number, long a, long b, long c, long d)
{
	long answer = kernel_call6(number, a, b, c, d, 0, 0);

	if (__builtin_expect(answer < 0, 0)) {
		errno = (int)-answer;
		return -1;
	}
	return (int)answer;
}

/* Whether a call in which no thread can be cancelled may be made directly. */
static inline bool direct_always(void)
{
	return __builtin_expect(runtime.direct, 1);
}

/* The same for one in which a thread can be cancelled. */
static inline bool direct_alone(void)
{
	return __builtin_expect(*runtime.alone, 1);
}
