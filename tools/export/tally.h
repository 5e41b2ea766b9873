// SPDX-License-Identifier: MIT
/*
 * Counts the descriptors of a group by kind and state, for formats that need that. The heading
 * counts all, but not all may be listed: the rest counts without a state, or without a kind.
 */
#pragma once

#include "tools/model/model.h"

struct tally_row {
	enum kind kind;    /* KIND_COUNT: not known */
	const char *state; /* NULL: none, or not known */
	int64_t count;     /* > 0 */
	int64_t aged;      /* number of those listed with an age */
	double age;        /* the sum of those ages in seconds */
	double oldest;     /* the highest of them; 0 when there is none */
};

/* The maximum of rows, more than any real group has. Descriptors beyond it count without a
 * state. */
enum { TALLY_ROWS = 64 };

/* Fills in rows, and returns their number. Their counts add up to group->count, or to more if the
 * text contradicts itself. */
size_t tally_group(const struct model_group *group, struct tally_row rows[TALLY_ROWS]);
