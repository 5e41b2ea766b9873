// SPDX-License-Identifier: MIT
/*
 * Descriptors of another process that can't be copied: what /proc tells of them. Called by
 * outside_snapshot.c in the helper, which shares the command's memory: raw system calls only.
 */
#pragma once

#include "preload/core/snapshot/scratch.h"
#include "preload/core/snapshot/snapshot.h"

/* Describes the numbers fds of process pid in *outside, which lives in scratch. Returns how many:
 * fewer than count when some are closed by now; or -ENOMEM. */
long outside_describe(const struct snapshot_outside **outside, int pid, const int *fds,
		      size_t count, struct scratch *scratch);
