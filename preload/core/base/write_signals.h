// SPDX-License-Identifier: MIT
/*
 * A write by fdtrail must not end or stop the program. But writing to a pipe without a reader
 * raises SIGPIPE, past the limit on a file's size (RLIMIT_FSIZE) SIGXFSZ, and from the background
 * to a terminal with tostop set SIGTTOU (stty(1)). So all three are blocked while fdtrail writes,
 * and those that its write raised are discarded. Async-signal-safe.
 */
#pragma once

#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "raw_syscall.h"

struct write_signals {
	uint64_t mask;
	uint64_t raised_by_us; /* if pending at the end; the program's own stay pending */
};

#define WRITE_SIGNAL(number) (UINT64_C(1) << ((number)-1))

static inline void write_signals_hold(struct write_signals *held)
{
	const uint64_t all = WRITE_SIGNAL(SIGPIPE) | WRITE_SIGNAL(SIGXFSZ) | WRITE_SIGNAL(SIGTTOU);
	uint64_t pending = 0;

	RAW(rt_sigprocmask, SIG_BLOCK, &all, &held->mask, sizeof(all));
	RAW(rt_sigpending, &pending, sizeof(pending));
	held->raised_by_us = all & ~pending;
}

static inline void write_signals_release(const struct write_signals *held)
{
	struct timespec at_once = {0};

	while (held->raised_by_us &&
	       RAW(rt_sigtimedwait, &held->raised_by_us, NULL, &at_once, sizeof(uint64_t)) > 0)
		;
	RAW(rt_sigprocmask, SIG_SETMASK, &held->mask, NULL, sizeof(held->mask));
}
