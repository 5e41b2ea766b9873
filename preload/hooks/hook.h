// SPDX-License-Identifier: MIT
/*
 * Included by every file of hooks. A hook is a plain C function with the signature from its man
 * page: it calls the real function, records the result, and returns it, with errno untouched.
 */
#pragma once

#include <errno.h>

#include "preload/runtime/runtime.h"
#include "preload/libc/real.h"

/* An alias of a hook need not repeat the attributes that the system's header gives to its name. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmissing-attributes"
#pragma GCC diagnostic ignored "-Wnonnull-compare"
#endif

/* Another public name of the same hook. */
#define HOOK_ALIAS(name, function)                                                                 \
	extern __typeof__(function) name __attribute__((alias(#function), visibility("default")))

/* The frame of the hook itself: the caller's registers are read from it. */
#define HERE __builtin_frame_address(0)

/* The end of a hook: makes call, which returns a new descriptor or -1, and records it. */
#define opened(call, kind) (hook_begins(HERE), runtime_result((call), (kind), __func__, HERE))

/* The same if the new descriptor is a copy of from. */
#define duplicated(call, from) (hook_begins(HERE), hook_duplicated((call), (from), __func__, HERE))

/* The same if call stores two descriptors in fds, as pipe(2) does. */
#define opened_pair(call, fds, kind)                                                               \
	(hook_fills(&(struct awaited){AWAITED_PAIR, (fds)}),                                       \
	 hook_pair(runtime_pair_result((call), (fds)), (fds), (kind), __func__, HERE))

/* After the real call has returned fd, a copy of from, or -1: records it. Returns fd, keeps errno.
 * name: the called function. Async-signal-safe. */
static inline int hook_duplicated(int fd, int from, const char *name, const void *frame)
{
	if (__builtin_expect(fd < 0, 0))
		runtime_failed(name);
	else
		runtime_duplicated(fd, from, frame);
	return fd;
}

/* After the real call has returned result, and, if that isn't negative, stored two descriptors in
 * fds: records both. Returns result, keeps errno. Async-signal-safe. */
static inline int hook_pair(int result, const int fds[2], enum fd_kind kind, const char *name,
			    const void *frame)
{
	if (result < 0) {
		runtime_failed(name);
	} else {
		struct awaited pair = {AWAITED_PAIR, fds};

		hook_fills(&pair);
		runtime_opened_one(fds[0], &(struct opening){.kind = kind}, frame);
		runtime_opened_one(fds[1], &(struct opening){.kind = kind}, frame);
		hook_ends();
		runtime_watch_all(2);
	}
	return result;
}
