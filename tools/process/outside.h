// SPDX-License-Identifier: MIT
/*
 * Describes descriptors of another process that can't be copied, as far as /proc tells. Called by
 * outside_snapshot.c in the helper, which shares the command's memory, so this makes raw system
 * calls only.
 */
#pragma once

#include "preload/core/snapshot/scratch.h"
#include "preload/core/snapshot/snapshot.h"

/* Describes the descriptors fds of process pid in *outside, which lives in scratch. Returns their
 * number, which is less than count if some are closed by now; or -ENOMEM. */
long outside_describe(const struct snapshot_outside **outside, int pid, const int *fds,
		      size_t count, struct scratch *scratch);
