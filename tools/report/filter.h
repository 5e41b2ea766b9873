// SPDX-License-Identifier: MIT
/*
 * Removes from a snapshot what the filter options leave out: `fdtrail report --kinds=tcp
 * --state=CLOSE_WAIT`. The rest is a snapshot like any other, for every format.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/model/model.h"

/* Zero (and kinds KIND_ALL) means no filter. */
struct filter {
	uint64_t kinds;          /* bits of kind.h */
	const char *states;      /* names separated by commas, in any case; or NULL */
	double min_age, max_age; /* seconds; 0: any */
	bool inheritable;        /* only those that programs get which the process executes */
	const char *path;        /* a pattern with * and ?, of paths and addresses; or NULL */
	const char *function;    /* the same, of function names in the group's stacks; or NULL */
};

/* Whether every word of a list is a TCP state; else *bad is the first word that isn't, of
 * bad_length bytes. */
bool filter_check_states(const char *states, const char **bad, size_t *bad_length);

/* Whether the pattern matches name: all of it, or all of it without its parameter list. A pattern
 * without * and ? matches a part of the name. */
bool filter_matches(const char *pattern, const char *name);

/* Removes groups and descriptors. Function patterns need symbolize_snapshot() before. Returns how
 * many descriptors could not be judged because the snapshot does not list them; they are removed,
 * too. */
int64_t filter_apply(const struct filter *filter, struct model_snapshot *snapshot);

/* Writes a line about count descriptors that could not be judged, after prefix. */
void filter_say_unjudged(int64_t count, const char *prefix, FILE *file);
