// SPDX-License-Identifier: MIT
/*
 * The processor that fdtrail is built for. Each folder's machine.h has
 *
 *     MACHINE_ELF, MACHINE_AUDIT      its numbers in ELF files (elf.h) and in seccomp(2) filters
 *     MACHINE_CLOCK                   the vDSO's clock_gettime: vdso(7)
 *     MACHINE_JUMP_SLOT, _POINTER, _WORD    relocations of a function's address (its psABI)
 *     MACHINE_TLS                     that of the number of a module with thread-local variables
 *     MACHINE_FIRST_GLIBC             the version of symbols of the first glibc that ran there
 *     MACHINE_UNWIND_FP               the frame pointer, as libunwind numbers it
 *     machine_return[]                the instruction that returns
 *     machine_restorer[]              a signal handler's return, which calls rt_sigreturn(2)
 *     context_pc, context_sp          registers of an interrupted thread: sigaction(2), ucontext_t
 *     MACHINE_REGISTERS, context_register    the general registers of an interrupted thread
 *     context_cut_call                whether the signal cut a system call short that was waiting:
 *                                     it returned EINTR, or is made again after the handler
 *     call_on_stack                   see below
 *
 * and the registers of a stopped thread (ptrace(2)) are in registers.h.
 */
#pragma once

#include <stdint.h>
#include <ucontext.h>

/* Calls function(argument) on another stack, and returns on the old one: for work that may need
 * more stack than is left. top is the end of the other stack, aligned to 16. Signals must be
 * blocked, so that no handler runs on it. function must not throw or longjmp out. */
static inline void call_on_stack(void (*function)(void *), void *argument, void *top);

#if defined(__x86_64__)
#include "x86_64/machine.h"
#elif defined(__aarch64__)
#include "aarch64/machine.h"
#else
#error "preload/arch/ has no folder for this processor"
#endif
