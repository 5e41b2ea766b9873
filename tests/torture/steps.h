// SPDX-License-Identifier: MIT
/*
 * The way from a thread's loop to the function that opens something: named steps that call each
 * other in an order that a path says, and a few that put other code between (qsort,
 * dl_iterate_phdr, a stack of their own, frames of changing size).
 */
#pragma once

#include <stdbool.h>

#include "random.h"

enum {
	PATHS = 64,
	PATH_LENGTH_MAX = 72,
	PATH_SEEN = 48, /* with all that lies around them so many steps are less than 64 frames */
	STEPS = 14,
};

struct path {
	int length;
	unsigned char steps[PATH_LENGTH_MAX];
};

extern struct path paths[PATHS];

/* Makes all paths, no two of them the same. Number 0 is empty, and for what is called from more
 * than one place; path_any draws one of the others. */
void paths_make(struct random *random);
int path_any(struct random *random);

/* True when the path leads over a stack of its own: what called it is not seen from there. */
bool path_is_cut(const struct path *path);

/* True when the path alone is longer than a stack that fdtrail takes (FDTRAIL_DEPTH is 64): its
 * outer steps, and what called it, are not seen. No path is so long that this depends on what lies
 * around it. */
bool path_is_deep(const struct path *path);

/* Calls function(data) at the end of the path. */
void path_walk(const struct path *path, void (*function)(void *data), void *data);

/* The names of the functions that lie on the path, innermost first, into names; returns how many.
 * Above a stack of its own there is nothing: then *whole is set to 0, else to 1. */
int path_names(const struct path *path, const char *names[], int room, int *whole);
