// SPDX-License-Identifier: MIT
/*
 * A write of ours to a pipe that nobody reads must not raise SIGPIPE in the program, which has
 * written nothing: the signal is held back meanwhile and taken out again. Async-signal-safe.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "syscall.h"

struct sigpipe {
	uint64_t mask;
	bool pending; /* one of the program's own waits already, and stays */
};

#define SIGPIPE_BIT (UINT64_C(1) << (SIGPIPE - 1))

static inline void sigpipe_hold(struct sigpipe *held)
{
	const uint64_t one = SIGPIPE_BIT;
	uint64_t pending = 0;

	RAW(rt_sigprocmask, SIG_BLOCK, &one, &held->mask, sizeof(one));
	RAW(rt_sigpending, &pending, sizeof(pending));
	held->pending = pending & SIGPIPE_BIT;
}

static inline void sigpipe_release(const struct sigpipe *held)
{
	const uint64_t one = SIGPIPE_BIT;
	struct timespec at_once = {0};

	if (!held->pending)
		RAW(rt_sigtimedwait, &one, NULL, &at_once, sizeof(one));
	RAW(rt_sigprocmask, SIG_SETMASK, &held->mask, NULL, sizeof(held->mask));
}
