// SPDX-License-Identifier: MIT
/*
 * The path from a thread's loop to the function that opens something: named steps that call each
 * other in an order given by the path, and a few with other code in between (qsort,
 * dl_iterate_phdr, a stack of their own, frames of changing size).
 */
#pragma once

#include <stdbool.h>

#include "random.h"

enum {
	PATHS = 64,
	PATH_LENGTH_MAX = 72,
	PATH_SEEN = 48, /* with all frames around them, this many steps are less than 64 frames */
	STEPS = 14,
};

struct path {
	int length;
	unsigned char steps[PATH_LENGTH_MAX];
};

extern struct path paths[PATHS];

/* Makes all paths, no two of them equal. Number 0 is empty, for functions that are called from
 * several places; path_any chooses one of the others. */
void paths_make(struct random *random);
int path_any(struct random *random);

/* True if the path switches to a stack of its own: then a stack does not show the callers of
 * that step. */
bool path_is_cut(const struct path *path);

/* True if the path alone is longer than a stack that fdtrail keeps (FDTRAIL_DEPTH is 64): its
 * outer steps and their callers are not shown. No path has a length for which this would depend
 * on the frames around it. */
bool path_is_deep(const struct path *path);

/* Calls function(data) at the end of the path. */
void path_walk(const struct path *path, void (*function)(void *data), void *data);

/* Writes the names of the functions on the path into names, innermost first; returns their
 * number. *whole is 0 if the path has a stack of its own, above which no caller is shown, else
 * 1. */
int path_names(const struct path *path, const char *names[], int room, int *whole);
