// SPDX-License-Identifier: MIT
#pragma once

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <string.h>

#define MACHINE_ELF         EM_X86_64
#define MACHINE_AUDIT       AUDIT_ARCH_X86_64
#define MACHINE_CLOCK       "__vdso_clock_gettime"
#define MACHINE_JUMP_SLOT   R_X86_64_JUMP_SLOT
#define MACHINE_POINTER     R_X86_64_GLOB_DAT
#define MACHINE_WORD        R_X86_64_64
#define MACHINE_TLS         R_X86_64_DTPMOD64
#define MACHINE_UNWIND_FP   UNW_X86_64_RBP
#define MACHINE_FIRST_GLIBC "GLIBC_2.2.5"

static const uint8_t machine_return[] __attribute__((unused)) = {0xc3};
/* mov $15, %rax; syscall */
static const uint8_t machine_restorer[]
	__attribute__((unused)) = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};

static inline uintptr_t context_pc(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

static inline uintptr_t context_sp(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}

/* The first of gregs: r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx. */
enum { MACHINE_REGISTERS = REG_RCX + 1 };

static inline long context_register(const ucontext_t *context, int n)
{
	return (long)context->uc_mcontext.gregs[n];
}

static inline bool context_cut_call(const ucontext_t *context)
{
	static const char instruction[] = {0x0f, 0x05}; /* syscall */
	const char *pc = (const char *)context_pc(context);
	uintptr_t in_page = (uintptr_t)pc % 4096; /* the pages around may not be there */

	return (in_page <= 4096 - sizeof(instruction) &&
		memcmp(pc, instruction, sizeof(instruction)) == 0) ||
	       (in_page >= sizeof(instruction) &&
		memcmp(pc - sizeof(instruction), instruction, sizeof(instruction)) == 0 &&
		context->uc_mcontext.gregs[REG_RAX] == -EINTR);
}

static inline void call_on_stack(void (*function)(void *), void *argument, void *top)
{
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
}
