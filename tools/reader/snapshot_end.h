// SPDX-License-Identifier: MIT
/*
 * The way in which a process ends, from the header of its last snapshot. This is the only place
 * that reads the words of `why:`, for snapshots from before there was an `end:`.
 */
#pragma once

#include <stdbool.h>

#include "preload/core/snapshot/process_end.h"

/* value: of `end:` as it is written; NULL: there is none. why: of `why:`; NULL: there is none. The
 * number of a signal is 0 when the text names it in a way that is not known here. */
struct process_end snapshot_end(const char *value, const char *why);

/* Whether the program sent itself the signal that triggered the snapshot. why may be NULL. */
bool snapshot_is_own_signal(const char *why);
