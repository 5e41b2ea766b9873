// SPDX-License-Identifier: MIT
/*
 * Shared by hook_syscall.S and syscall.c: the hook of syscall(2).
 */
#pragma once

/* The numbers of x86_64 and aarch64 are below this; those of x32 begin here (asm/unistd_x32.h). */
#define SYSCALL_NUMBERS 512

#ifndef __ASSEMBLER__

#include <stdint.h>

/* Not 0 for the numbers that syscall_hook handles. */
extern const uint8_t syscall_hooked[SYSCALL_NUMBERS];

/* Does what syscall(2) does, for these numbers, and records new descriptors. */
long syscall_hook(long number, long a, long b, long c, long d, long e, long f);

/* The real syscall(2), for all other numbers; NULL until the real functions have been looked up. */
extern long (*syscall_real)(long number, ...);

#endif
