// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

static inline uintptr_t regs_pc(const struct user_regs_struct *regs)
{
	return regs->rip;
}

static inline uintptr_t regs_sp(const struct user_regs_struct *regs)
{
	return regs->rsp;
}

static inline uintptr_t regs_fp(const struct user_regs_struct *regs)
{
	return regs->rbp;
}

static inline void regs_set_pc_sp(struct user_regs_struct *regs, uintptr_t pc, uintptr_t sp)
{
	regs->rip = pc;
	regs->rsp = sp;
}

static inline uintptr_t regs_tls(const struct user_regs_struct *regs)
{
	return regs->fs_base;
}

static inline uintptr_t regs_go(const struct user_regs_struct *regs)
{
	return regs->r14;
}

static inline void regs_set_fp_go(struct user_regs_struct *regs, uintptr_t fp, uintptr_t go)
{
	regs->rbp = fp;
	regs->r14 = go;
}

static inline uintptr_t regs_go_receiver(const struct user_regs_struct *regs)
{
	return regs->rax;
}

/* src/syscall/asm_linux_amd64.s of Go */
static inline uintptr_t regs_go_vfork_return(const struct user_regs_struct *regs)
{
	return regs->r12;
}

static inline void regs_set_number(struct user_regs_struct *regs, long number)
{
	regs->orig_rax = (unsigned long)number;
}

static inline long regs_number(const struct user_regs_struct *regs)
{
	return (long)regs->orig_rax;
}

/* syscall(2), "Architecture calling conventions". */
static inline unsigned long regs_arg(const struct user_regs_struct *regs, int n)
{
	switch (n) {
	case 0:
		return regs->rdi;
	case 1:
		return regs->rsi;
	case 2:
		return regs->rdx;
	case 3:
		return regs->r10;
	case 4:
		return regs->r8;
	default:
		return regs->r9;
	}
}

/* The same for a 32-bit program. */
static inline unsigned long regs_compat_arg(const struct user_regs_struct *regs, int n)
{
	switch (n) {
	case 0:
		return (uint32_t)regs->rbx;
	case 1:
		return (uint32_t)regs->rcx;
	case 2:
		return (uint32_t)regs->rdx;
	case 3:
		return (uint32_t)regs->rsi;
	case 4:
		return (uint32_t)regs->rdi;
	default:
		return (uint32_t)regs->rbp;
	}
}

static inline void regs_set_compat_arg0(struct user_regs_struct *regs, unsigned long value)
{
	regs->rbx = value;
}

static inline void regs_set_arg(struct user_regs_struct *regs, int n, unsigned long value)
{
	switch (n) {
	case 0:
		regs->rdi = value;
		break;
	case 1:
		regs->rsi = value;
		break;
	case 2:
		regs->rdx = value;
		break;
	case 3:
		regs->r10 = value;
		break;
	case 4:
		regs->r8 = value;
		break;
	default:
		regs->r9 = value;
	}
}

static inline long regs_result(const struct user_regs_struct *regs)
{
	return (long)regs->rax;
}

static inline void regs_set_result(struct user_regs_struct *regs, long value)
{
	regs->rax = (unsigned long)value;
}

/* Intel's Software Developer's Manual, volume 3, 18.2: DR0 to DR3 are addresses, and DR7 enables
 * them; zero in its upper half makes them break on execution. */
#define REGS_DEBUG_CONTROL offsetof(struct user, u_debugreg[7])

static inline size_t regs_debug_address(int n)
{
	return offsetof(struct user, u_debugreg) + (size_t)n * sizeof(long);
}

static inline unsigned long regs_debug_enable(int n)
{
	return 1ul << 2 * n;
}
