// SPDX-License-Identifier: MIT
/*
 * Included by the files of wrappers that note who uses a descriptor. They are no hooks that the
 * library exports: runtime/redirect.c makes references of the program point to them, and only if
 * the uses of some descriptors are to be recorded. The stack is taken before the real call, because
 * that may wait for long, and because the call may be the last thing that a thread does
 * (pthread_cancel(3)).
 */
#pragma once

#include "preload/libc/use_real.h"
#include "preload/runtime/use.h"
#include "hook.h"

/* The real call is a jump, because after a system call the processor has lost its predictions of
 * returns: one more return costs 8 ns. Hooks need their frame until after the call. */
#ifndef __clang__
#pragma GCC optimize("optimize-sibling-calls")
#endif

#define USE __attribute__((visibility("hidden")))

/* use_list.c takes their addresses by these declarations. */
#define USED(function)             extern __typeof__(function) use_##function USE;
#define USED_LIKE(function, other) extern __typeof__(other) use_##function USE;
#include "preload/libc/use_names.h"
#undef USED
#undef USED_LIKE
