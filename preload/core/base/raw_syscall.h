// SPDX-License-Identifier: MIT
/*
 * Raw system calls. Snapshots, captures and the start-up code make their own system calls through
 * here, never through libc: a libc wrapper writes errno, is a cancellation point, and may be one of
 * our own hooks. Everything in this file is async-signal-safe and returns what the kernel returns:
 * a value, or a negative errno.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/arch/kernel_call.h"
#include "seccomp.h"
#include "syscall_numbers.h"

/* Returns the kernel's answer: -4095..-1 is a negated errno (see syscall(2), "Architecture calling
 * conventions"). If the program's own seccomp filter would kill it for this call, returns -ENOSYS
 * without making it (seccomp.h). */
static inline long raw_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	if (__builtin_expect(atomic_load_explicit(&seccomp_present, memory_order_relaxed), 0) &&
	    seccomp_forbids(number, a, b, c, d, e, f))
		return -ENOSYS;
	return kernel_call6(number, a, b, c, d, e, f);
}

/* Makes system call SYS_<name> with up to six arguments of any integer or pointer type. */
#define RAW(name, ...) RAW_NUMBER(SYS_##name, ##__VA_ARGS__)
/* clang-format off */
#define RAW_NUMBER(...) \
	RAW_PICK(__VA_ARGS__, RAW6, RAW5, RAW4, RAW3, RAW2, RAW1, RAW0)(__VA_ARGS__)
/* clang-format on */
#define RAW_PICK(n, a, b, c, d, e, f, chosen, ...) chosen

#define RAW_L(x)               ((long)(x))
#define RAW0(n)                raw_syscall6(n, 0, 0, 0, 0, 0, 0)
#define RAW1(n, a)             raw_syscall6(n, RAW_L(a), 0, 0, 0, 0, 0)
#define RAW2(n, a, b)          raw_syscall6(n, RAW_L(a), RAW_L(b), 0, 0, 0, 0)
#define RAW3(n, a, b, c)       raw_syscall6(n, RAW_L(a), RAW_L(b), RAW_L(c), 0, 0, 0)
#define RAW4(n, a, b, c, d)    raw_syscall6(n, RAW_L(a), RAW_L(b), RAW_L(c), RAW_L(d), 0, 0)
#define RAW5(n, a, b, c, d, e) raw_syscall6(n, RAW_L(a), RAW_L(b), RAW_L(c), RAW_L(d), RAW_L(e), 0)
#define RAW6(n, a, b, c, d, e, f)                                                                  \
	raw_syscall6(n, RAW_L(a), RAW_L(b), RAW_L(c), RAW_L(d), RAW_L(e), RAW_L(f))
