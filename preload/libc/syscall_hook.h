// SPDX-License-Identifier: MIT
/*
 * Between hook_syscall.S and syscall.c.
 */
#pragma once

#include <stdint.h>

enum { SYSCALL_NUMBERS = 512 };

/* Not 0 for the numbers that syscall_hook wants to see. */
extern const uint8_t syscall_hooked[SYSCALL_NUMBERS];

/* Does what syscall(2) does, for these numbers. */
long syscall_hook(long number, long a, long b, long c, long d, long e, long f);

/* The real syscall(2), for all others; NULL until the real functions have been looked up. */
extern long (*syscall_real)(long number, ...);
