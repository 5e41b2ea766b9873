// SPDX-License-Identifier: MIT
/*
 * The numbers that are open in the descriptor table that a snapshot looks at. Listing /proc/self/fd
 * makes the kernel build an inode for each number and tear it down again, some 4 us; asking for
 * each number with fcntl(2) costs 0.1 us, open or not. So a table of usual size is asked, once.
 * Used by the census.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "scratch.h"

struct frozen_number {
	int fd;
	int flags;    /* F_GETFD's answer; negative: it is refused */
	bool awaited; /* set by the census: others may wait for it to be closed */
};

struct frozen_table {
	struct frozen_number *numbers; /* by rising fd */
	size_t count, room;
	struct scratch *scratch;
};

/* Fills in table with every open descriptor of the calling process; without /proc, with those below
 * end, 65536 or the limit on new numbers, whichever is highest. Returns 0, or ENOMEM, or ENOSYS
 * where a seccomp filter of the program refuses whatever would tell which are open. */
int frozen_table_read(struct frozen_table *table, int end, struct scratch *scratch);
