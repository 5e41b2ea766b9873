// SPDX-License-Identifier: MIT
/*
 * What every hook file includes. A hook is a plain C function with the signature of its man page: it
 * calls the real function, reports what came back, and returns just that, with errno untouched.
 */
#pragma once

#include <errno.h>

#include "../runtime/runtime.h"
#include "real.h"

/* Another name of a hook need not repeat what the header says of it. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmissing-attributes"
#pragma GCC diagnostic ignored "-Wnonnull-compare"
#endif

#define HOOK __attribute__((visibility("default")))

/* Another public name of the same hook. */
#define HOOK_ALIAS(name, function)                                                                 \
	extern __typeof__(function) name __attribute__((alias(#function), visibility("default")))

/* The frame of the hook itself, from which the caller's registers follow. */
#define HERE __builtin_frame_address(0)

/* The end of a hook whose real function returned fd. */
#define opened(fd, kind) runtime_result((fd), (kind), __func__, HERE)

/* The same for a hook that got fd as a copy of from. */
#define duplicated(fd, from) hook_duplicated((fd), (from), __func__, HERE)

static inline int hook_duplicated(int fd, int from, const char *name, const void *frame)
{
	if (__builtin_expect(fd < 0, 0))
		runtime_failed(name);
	else
		runtime_duplicated(fd, from, frame);
	return fd;
}

/* Two descriptors at once, as pipe(2) makes them. */
static inline int hook_pair(int result, const int fds[2], enum fd_kind kind, const char *name,
			    const void *frame)
{
	if (result < 0) {
		runtime_failed(name);
	} else {
		uint32_t outer = thread_state.next;

		thread_state.next = (uint32_t)fds[1] + 1; /* see runtime/returning.h */
		runtime_opened(fds[0], &(struct opening){.kind = kind}, frame);
		runtime_opened(fds[1], &(struct opening){.kind = kind}, frame);
		thread_state.next = outer;
	}
	return result;
}
