// SPDX-License-Identifier: MIT
/* The reasons for a snapshot, in the words of its `why:` line; the preload and the ptrace engine
 * use the same words. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "preload/core/base/line.h"

/* Adds to why: the function name failed with error, which is EMFILE or ENFILE.
 * Async-signal-safe. */
void reason_out_of_descriptors(struct line *why, const char *name, int error);

/* Adds to why: the name of the signal, "SIGTERM" or "signal 40". Async-signal-safe. */
void reason_signal(struct line *why, int number);

/* Adds to why: this signal ends the program. Async-signal-safe. */
void reason_killed(struct line *why, int number);

/* Adds to why: count descriptors are open, and mark was the threshold. Async-signal-safe. */
void reason_threshold(struct line *why, size_t count, uint32_t mark);
