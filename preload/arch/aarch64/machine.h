// SPDX-License-Identifier: MIT
#pragma once

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <string.h>

#define MACHINE_ELF         EM_AARCH64
#define MACHINE_AUDIT       AUDIT_ARCH_AARCH64
#define MACHINE_CLOCK       "__kernel_clock_gettime"
#define MACHINE_JUMP_SLOT   R_AARCH64_JUMP_SLOT
#define MACHINE_POINTER     R_AARCH64_GLOB_DAT
#define MACHINE_WORD        R_AARCH64_ABS64
#define MACHINE_TLS         R_AARCH64_TLS_DTPMOD
#define MACHINE_UNWIND_FP   UNW_AARCH64_X29
#define MACHINE_FIRST_GLIBC "GLIBC_2.17"

static const uint8_t machine_return[] __attribute__((unused)) = {0xc0, 0x03, 0x5f, 0xd6};
/* mov x8, #139; svc #0 */
static const uint8_t machine_restorer[]
	__attribute__((unused)) = {0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4};

static inline uintptr_t context_pc(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.pc;
}

static inline uintptr_t context_sp(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.sp;
}

enum { MACHINE_REGISTERS = 31 };

static inline long context_register(const ucontext_t *context, int n)
{
	return (long)context->uc_mcontext.regs[n];
}

static inline bool context_cut_call(const ucontext_t *context)
{
	static const char instruction[] = {0x01, 0x00, 0x00, (char)0xd4}; /* svc 0 */
	const char *pc = (const char *)context_pc(context);

	if (memcmp(pc, instruction, sizeof(instruction)) == 0)
		return true;
	return (uintptr_t)pc % 4096 && /* the page before may not be there */
	       memcmp(pc - sizeof(instruction), instruction, sizeof(instruction)) == 0 &&
	       (long)context->uc_mcontext.regs[0] == -EINTR;
}

static inline void call_on_stack(void (*function)(void *), void *argument, void *top)
{
	register void *x0 __asm__("x0") = argument;
	register uintptr_t kept __asm__("x19");
	__asm__ volatile("mov %0, sp\n\t"
			 "mov sp, %3\n\t"
			 "blr %2\n\t"
			 "mov sp, %0"
			 : "=&r"(kept), "+r"(x0)
			 : "r"(function), "r"(top)
			 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x30", "memory", "cc",
			   "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18",
			   "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
			   "v29", "v30", "v31");
}
