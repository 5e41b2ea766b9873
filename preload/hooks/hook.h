// SPDX-License-Identifier: MIT
/*
 * What every hook file includes. A hook is a plain C function with the signature of its man page:
 * it calls the real function, reports what came back, and returns just that, with errno untouched.
 */
#pragma once

#include <errno.h>

#include "preload/runtime/runtime.h"
#include "preload/libc/real.h"

/* Another name of a hook need not repeat what the header says of it. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmissing-attributes"
#pragma GCC diagnostic ignored "-Wnonnull-compare"
#endif

/* Another public name of the same hook. */
#define HOOK_ALIAS(name, function)                                                                 \
	extern __typeof__(function) name __attribute__((alias(#function), visibility("default")))

/* The frame of the hook itself, from which the caller's registers follow. */
#define HERE __builtin_frame_address(0)

/* The end of a hook, with the call of its real function, which returns a descriptor. */
#define opened(call, kind) (hook_begins(HERE), runtime_result((call), (kind), __func__, HERE))

/* The same where it is a copy of from. */
#define duplicated(call, from) (hook_begins(HERE), hook_duplicated((call), (from), __func__, HERE))

/* The same where two are stored in fds, as pipe(2) does. */
#define opened_pair(call, fds, kind)                                                               \
	(hook_fills(&(struct awaited){AWAITED_PAIR, (fds)}),                                       \
	 hook_pair((call), (fds), (kind), __func__, HERE))

static inline int hook_duplicated(int fd, int from, const char *name, const void *frame)
{
	if (__builtin_expect(fd < 0, 0))
		runtime_failed(name);
	else
		runtime_duplicated(fd, from, frame);
	return fd;
}

static inline int hook_pair(int result, const int fds[2], enum fd_kind kind, const char *name,
			    const void *frame)
{
	if (result < 0) {
		runtime_failed(name);
	} else {
		struct awaited filling = {AWAITED_PAIR, fds};

		hook_fills(&filling);
		runtime_opened_one(fds[0], &(struct opening){.kind = kind}, frame);
		runtime_opened_one(fds[1], &(struct opening){.kind = kind}, frame);
		hook_ends();
		runtime_watch_all(2);
	}
	return result;
}
