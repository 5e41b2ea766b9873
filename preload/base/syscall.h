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
#include <sys/syscall.h>

/* Returns the kernel's answer: -4095..-1 is a negated errno (see syscall(2), "Architecture calling
 * conventions"). */
static inline long raw_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
#error "fdtrail knows the system call convention of x86_64 and aarch64"
#endif
}

/* Makes system call SYS_<name> with up to six arguments of any integer or pointer type. */
#define RAW(name, ...) RAW_NUMBER(SYS_##name, ##__VA_ARGS__)
#define RAW_NUMBER(...) RAW_PICK(__VA_ARGS__, RAW6, RAW5, RAW4, RAW3, RAW2, RAW1, RAW0)(__VA_ARGS__)
#define RAW_PICK(n, a, b, c, d, e, f, chosen, ...) chosen
#define RAW_L(x) ((long)(x))
#define RAW0(n) raw_syscall6(n, 0, 0, 0, 0, 0, 0)
#define RAW1(n, a) raw_syscall6(n, RAW_L(a), 0, 0, 0, 0, 0)
#define RAW2(n, a, b) raw_syscall6(n, RAW_L(a), RAW_L(b), 0, 0, 0, 0)
#define RAW3(n, a, b, c) raw_syscall6(n, RAW_L(a), RAW_L(b), RAW_L(c), 0, 0, 0)
#define RAW4(n, a, b, c, d) raw_syscall6(n, RAW_L(a), RAW_L(b), RAW_L(c), RAW_L(d), 0, 0)
#define RAW5(n, a, b, c, d, e)                                                                     \
	raw_syscall6(n, RAW_L(a), RAW_L(b), RAW_L(c), RAW_L(d), RAW_L(e), 0)
#define RAW6(n, a, b, c, d, e, f)                                                                  \
	raw_syscall6(n, RAW_L(a), RAW_L(b), RAW_L(c), RAW_L(d), RAW_L(e), RAW_L(f))
