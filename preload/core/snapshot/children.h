// SPDX-License-Identifier: MIT
/*
 * Tells which sockets and pipes the process' children have open, too, because they got them by fork
 * or exec: a close in the process alone then ends nothing. Async-signal-safe.
 */
#pragma once

#include <stddef.h>

#include "descriptor.h"
#include "writer.h"

enum { CHILDREN_MAX = 16 };

struct children {
	int pids[CHILDREN_MAX];
	size_t count;
};

/* Finds the first children of process pid, which has this number in /proc. */
void children_find(struct children *children, int pid);

/* Writes ", also open in process PID (NAME)" for each child that has the descriptor open under the
 * same number. holder: the process whose descriptor table it is in, or PROC_SELF. */
void children_put(const struct children *children, struct writer *writer,
		  const struct descriptor *descriptor, int holder);
