// SPDX-License-Identifier: MIT
/* Parses the time of a snapshot. */
#pragma once

#include <stdint.h>

/* Milliseconds since 1970 for a snapshot's "when", "2026-11-23T11:15:59.689Z". 0 if when is NULL,
 * not such a time, or not between 1970 and 2262 (the range of nanoseconds in 64 bits). */
int64_t snapshot_time_ms(const char *when);
