// SPDX-License-Identifier: MIT
/*
 * How many descriptors of each finding were open at each snapshot of a process. An earlier
 * snapshot's findings are matched with the newest one's as `fdtrail diff` does (diff.h).
 */
#pragma once

#include <stddef.h>

#include "tools/model/model.h"

/* Fills in history of the newest snapshot of each process, and of its findings. The snapshots must
 * be symbolized and merged (findings_merge). Findings that diff leaves out, which are inherited or
 * suppressed, get no history. Returns 0 or -ENOMEM. */
int history_fill(struct model_snapshot *const *snapshots, size_t count);
