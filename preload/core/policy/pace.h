// SPDX-License-Identifier: MIT
/*
 * The rate limit of the triggers. It is the same under the preload (trigger.c) and under the ptrace
 * engine (tools/engine/tracer/triggers.c).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Least time between two snapshots because descriptors ran out. */
enum { PACE_EMFILE_MS = 60 * 1000 };

/* Least time between two snapshots because of a misuse: further ones are in the next snapshot. */
enum { PACE_MISUSE_MS = 1000 };

/* The threshold for the next snapshot, after one at the threshold due. */
static inline uint32_t pace_next_threshold(uint32_t due)
{
	return due * 2;
}

/* The number of opens until the descriptors, count now, must be counted again. Each open adds at
 * most one, so they are counted only when they could have reached the threshold due. Large
 * thresholds are met to within 1/64. */
static inline int64_t pace_opens_left(uint32_t due, size_t count)
{
	int64_t left = (int64_t)due - (int64_t)count, least = due / 64;

	return left > least ? left : least;
}
