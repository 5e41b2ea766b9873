// SPDX-License-Identifier: MIT
/*
 * The clock by which the kernel notes when a process started: it also runs while the machine is
 * suspended.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#include "raw_syscall.h"

/* Milliseconds of CLOCK_BOOTTIME; 0 if the kernel doesn't tell. Async-signal-safe. */
static inline uint64_t boottime_ms(void)
{
	struct timespec now = {0};

	RAW(clock_gettime, CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
