// SPDX-License-Identifier: MIT
/*
 * Copies of another process' descriptors, each at its own number in the table of the process that
 * calls this: a helper whose table is made empty for it. Called by outside_snapshot.c, in a process
 * that shares the command's memory, so with raw system calls only.
 */
#pragma once

#include "preload/core/snapshot/scratch.h"
#include "preload/core/snapshot/snapshot.h"

struct copies {
	int *missing; /* open there and not copied, by rising number */
	size_t missing_count;
	size_t changing; /* opened, closed or replaced while this went on: neither copied nor
			    missing */
	int refused;     /* the errno that pidfd_getfd(2) answered; 0: it never did */
	int limit;       /* numbers from this on did not fit into our table; 0: all fitted */
};

/* Empties our table but for *output, which is moved out of the way, and takes the copies. Returns 0
 * or a negative errno: -ESRCH, -EACCES, -ENOMEM. */
int copies_take(struct copies *copies, int pid, int *output, struct scratch *scratch);
