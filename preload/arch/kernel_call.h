// SPDX-License-Identifier: MIT
/*
 * kernel_call6 makes a system call with the instruction that enters the kernel, and nothing around
 * it. It returns the kernel's answer; -4095..-1 is a negated errno (syscall(2), "Architecture
 * calling conventions"). Used by raw_syscall.h, and by test programs that open things the tracer
 * can't see. Async-signal-safe; leaves errno alone.
 */
#pragma once

#if defined(__x86_64__)
#include "x86_64/kernel_call.h"
#elif defined(__aarch64__)
#include "aarch64/kernel_call.h"
#else
#error "preload/arch/ has no folder for this processor"
#endif
