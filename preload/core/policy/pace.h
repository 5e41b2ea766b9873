// SPDX-License-Identifier: MIT
/*
 * How often the triggers ask for a snapshot, the same under the preload (trigger.c) and under the
 * ptrace engine (tools/engine/tracer/triggers.c).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { PACE_EMFILE_MS = 60 * 1000 }; /* between two for want of descriptors, at least */

/* After one at the threshold due, the next comes at this. */
static inline uint32_t pace_next_threshold(uint32_t due)
{
	return due * 2;
}

/* After how many opens the descriptors, count now, are to be counted again. The count can't grow
 * faster than by one an open, so it is taken only when it could have reached the threshold; large
 * thresholds are met to within 1/64. */
static inline int64_t pace_opens_left(uint32_t due, size_t count)
{
	int64_t left = (int64_t)due - (int64_t)count, least = due / 64;

	return left > least ? left : least;
}
