// SPDX-License-Identifier: MIT
/*
 * Copies another process' descriptors into the calling process, each at its own number. The caller
 * is a helper whose table is emptied for this. Called by outside_snapshot.c. The helper shares the
 * command's memory, so this makes raw system calls only.
 */
#pragma once

#include "preload/core/snapshot/scratch.h"
#include "preload/core/snapshot/snapshot.h"

struct copies {
	int *missing; /* open there and not copied, in rising order */
	size_t missing_count;
	size_t changing; /* number of those that were opened or replaced in the last round: neither
			  * copied nor missing */
	int refused;     /* the errno of pidfd_getfd(2); 0: it never failed */
	int limit;       /* higher numbers than this didn't fit into our table; 0: all fitted */
};

/* Empties our descriptor table except for *output, which is moved out of the way, and copies the
 * descriptors of process pid. copies->missing lives in scratch. Returns 0 or a negative errno:
 * -ESRCH, -EACCES, -ENOMEM, -EMFILE. */
int copies_take(struct copies *copies, int pid, int *output, struct scratch *scratch);
