// SPDX-License-Identifier: MIT
/*
 * Lists the open numbers of the descriptor table that a snapshot reads. Reading /proc/self/fd makes
 * the kernel build an inode for each number and tear it down again, some 4 us; fcntl(2) costs 0.1
 * us per number, open or not. So a table of usual size is probed with fcntl, once. Used by the
 * census.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "scratch.h"

struct frozen_number {
	int fd;
	int flags;    /* the answer of F_GETFD; negative: the call is refused */
	bool awaited; /* set by the census: its peer may be waiting for its close */
};

struct frozen_table {
	struct frozen_number *numbers; /* in the order of fd */
	size_t count, room;
	struct scratch *scratch;
};

/* Fills table with every open descriptor of the calling process; without /proc, only with those
 * below end, 65536 or the limit on new numbers, whichever is highest. The memory is the scratch's.
 * Returns 0; ENOMEM; or ENOSYS if the program's seccomp filter refuses every call that tells which
 * are open. Async-signal-safe. */
int frozen_table_read(struct frozen_table *table, int end, struct scratch *scratch);
