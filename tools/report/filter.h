// SPDX-License-Identifier: MIT
/*
 * Takes out of a snapshot what was not asked for: `fdtrail report --kinds=tcp --state=CLOSE_WAIT`.
 * What is left is a snapshot like any other, for every format.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/model/model.h"

/* All zero (and kinds KIND_ALL): everything stays. */
struct filter {
	uint64_t kinds;          /* bits of kind.h */
	const char *states;      /* names with commas, in any case; or NULL */
	double min_age, max_age; /* seconds; 0: any */
	const char *path;        /* a pattern with * and ?, of paths and addresses; or NULL */
	const char *function;    /* the same, of function names in the group's stacks; or NULL */
};

/* Whether every word of a list of states is one that a socket can be in; *bad is the first that is
 * not, of bad_length. */
bool filter_check_states(const char *states, const char **bad, size_t *bad_length);

/* Whether name is what the pattern describes: all of it, or without its parameter list or its
 * path's folders' last slash. A pattern without * and ? fits a part of the name, too. */
bool filter_matches(const char *pattern, const char *name);

/* Takes groups and descriptors out. Patterns of functions need symbolize_snapshot() before. Returns
 * how many descriptors could not be judged, since the snapshot does not list them; they are taken
 * out, too. */
int64_t filter_apply(const struct filter *filter, struct model_snapshot *snapshot);

/* Writes a line on count descriptors that could not be judged, after prefix. */
void filter_say_unjudged(int64_t count, const char *prefix, FILE *file);
