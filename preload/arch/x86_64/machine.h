// SPDX-License-Identifier: MIT
#pragma once

#include <elf.h>
#include <linux/audit.h>
#include <string.h>

#define MACHINE_ELF       EM_X86_64
#define MACHINE_AUDIT     AUDIT_ARCH_X86_64
#define MACHINE_CLOCK     "__vdso_clock_gettime"
#define MACHINE_JUMP_SLOT R_X86_64_JUMP_SLOT
#define MACHINE_POINTER   R_X86_64_GLOB_DAT
#define MACHINE_WORD      R_X86_64_64
#define MACHINE_UNWIND_FP UNW_X86_64_RBP

static const uint8_t machine_return[] __attribute__((unused)) = {0xc3};

static inline uintptr_t context_pc(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

static inline uintptr_t context_sp(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}

static inline long context_result(const ucontext_t *context)
{
	uintptr_t pc = context_pc(context);

	/* Not across a page boundary, because the page before may not be mapped. */
	if (pc % 4096 < 2 || memcmp((const void *)(pc - 2), "\x0f\x05", 2) != 0) /* syscall */
		return -1;
	return (long)context->uc_mcontext.gregs[REG_RAX];
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
