// SPDX-License-Identifier: MIT
/*
 * The registers of a stopped thread (ptrace(2), PTRACE_GETREGS), by meaning. A folder's registers.h
 * has for struct user_regs_struct
 *
 *     regs_pc, regs_sp, regs_fp    where it is, its stack, its frame pointer
 *     regs_set_pc_sp               changes the first two
 *     regs_tls                     its thread pointer; 0: none
 *     regs_go                      Go's current goroutine: "Go internal ABI specification"
 *     regs_set_fp_go               changes that, and the frame pointer
 *     regs_go_receiver             the first argument of a Go function there (since Go 1.17)
 *     regs_go_vfork_return         the register for Go's rawVforkSyscall's return address; 0: none
 *     regs_number                  the system call that it is in; -1: none
 *     regs_arg(n)                  that call's argument n, from 0
 *     regs_set_number              changes the call before it is made; -1: makes none
 *     regs_set_arg(n)              changes an argument before the call is made
 *     regs_compat_arg, regs_set_compat_arg0    the same in a 32-bit program
 *     regs_result                  what the call has returned; regs_set_result changes it
 *
 * and for breakpoints, by places in struct user (ptrace(2), PTRACE_POKEUSER)
 *
 *     regs_debug_address(n)        breakpoint n's address, n from 0 to 3
 *     REGS_DEBUG_CONTROL           the breakpoints that are enabled
 *     regs_debug_enable(n)         that register's bit which makes breakpoint n break on execution
 */
#pragma once

#include <stdint.h>
#include <sys/user.h>

#if defined(__x86_64__)
#include "x86_64/registers.h"
#else
#error "preload/arch/ has no registers.h for this processor"
#endif
