// SPDX-License-Identifier: MIT
/*
 * How many descriptors of each finding were open at each snapshot of a process. An earlier
 * snapshot's findings are matched with the newest one's as `fdtrail diff` does (diff.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/model/model.h"

/* Fills in history of the newest snapshot of each process, and of its findings. The snapshots must
 * be symbolized and merged (findings_merge). Findings that diff leaves out, which are inherited or
 * suppressed, get no history. Returns 0 or -ENOMEM. */
int history_fill(struct model_snapshot *const *snapshots, size_t count);

/* A time line of more is no easier to read, and all its snapshots are in memory. */
enum { HISTORY_MOST = 32 };

/* Marks in drop snapshots of processes that have more than HISTORY_MOST before the newest, evenly
 * chosen, so that HISTORY_MOST are left. Returns how many are marked, or -ENOMEM. */
int history_thin(struct model_snapshot *const *snapshots, size_t count, bool *drop);
