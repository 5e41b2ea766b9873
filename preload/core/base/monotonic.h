// SPDX-License-Identifier: MIT
/*
 * The time for deadlines and ages.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#include "raw_syscall.h"

/* Milliseconds of CLOCK_MONOTONIC; 0 if the call fails. Async-signal-safe. */
static inline int64_t monotonic_ms(void)
{
	struct timespec now = {0};

	RAW(clock_gettime, CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
