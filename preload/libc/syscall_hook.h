// SPDX-License-Identifier: MIT
/*
 * Between hook_syscall.S and syscall.c: both read it.
 */
#pragma once

/* The numbers of x86_64 and aarch64 are below this; from it on follow those of x32
 * (asm/unistd_x32.h). */
#define SYSCALL_NUMBERS 512

#ifndef __ASSEMBLER__

#include <stdint.h>

/* Not 0 for the numbers that syscall_hook wants to see. */
extern const uint8_t syscall_hooked[SYSCALL_NUMBERS];

/* Does what syscall(2) does, for these numbers. */
long syscall_hook(long number, long a, long b, long c, long d, long e, long f);

/* The real syscall(2), for all others; NULL until the real functions have been looked up. */
extern long (*syscall_real)(long number, ...);

#endif
