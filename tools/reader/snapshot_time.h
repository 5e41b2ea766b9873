// SPDX-License-Identifier: MIT
/* The time of a snapshot as a number. */
#pragma once

#include <stdint.h>

/* Milliseconds since 1970 of a snapshot's "when", "2026-11-23T11:15:59.689Z"; 0 when it is NULL,
 * not such a time, or none between 1970 and 2262 (what fits into 64 bits of nanoseconds). */
int64_t snapshot_time_ms(const char *when);
