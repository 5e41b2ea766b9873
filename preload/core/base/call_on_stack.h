// SPDX-License-Identifier: MIT
/*
 * Runs a function on another stack and comes back. For work that needs more stack than the place
 * where it happens may have. Signals are to be blocked: a handler must not find itself there.
 */
#pragma once

#include <stdint.h>

/* Calls function(argument) with the stack pointer at top (aligned to 16), then returns on the old
 * stack. Throwing or jumping out of function is not possible. */
static inline void call_on_stack(void (*function)(void *), void *argument, void *top)
{
#if defined(__x86_64__)
	register uintptr_t kept __asm__("rbx");
	__asm__ volatile("movq %%rsp, %0\n\t"
			 "movq %2, %%rsp\n\t"
			 "callq *%1\n\t"
			 "movq %0, %%rsp"
			 : "=&r"(kept), "+a"(function), "+S"(top), "+D"(argument)
			 :
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1",
			   "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
			   "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#elif defined(__aarch64__)
	register void *x0 __asm__("x0") = argument;
	register uintptr_t kept __asm__("x19");
	__asm__ volatile("mov %0, sp\n\t"
			 "mov sp, %3\n\t"
			 "blr %2\n\t"
			 "mov sp, %0"
			 : "=&r"(kept), "+r"(x0)
			 : "r"(function), "r"(top)
			 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
			   "x13", "x14", "x15", "x16", "x17", "x18", "x30", "memory", "cc", "v0",
			   "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19",
			   "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",
			   "v30", "v31");
#endif
}
