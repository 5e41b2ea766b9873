// SPDX-License-Identifier: MIT
/*
 * How many descriptors of a group are of which kind and in which state, for formats that count by
 * them. A group's heading counts all, its descriptors may be listed in part: what neither tells is
 * counted without a state, or without a kind.
 */
#pragma once

#include "tools/model/model.h"

struct tally_row {
	enum kind kind;    /* KIND_COUNT: not known */
	const char *state; /* NULL: none, or not known */
	int64_t count;     /* > 0 */
	int64_t aged;      /* how many of them are listed with an age */
	double age;        /* the sum of those ages in seconds */
	double oldest;     /* the highest of them; 0 when there is none */
};

/* At most as many rows; what is beyond counts without a state. More than any real group has. */
enum { TALLY_ROWS = 64 };

/* Fills in rows; returns how many. Their counts add up to group->count, or to more where the text
 * contradicts itself. */
size_t tally_group(const struct model_group *group, struct tally_row rows[TALLY_ROWS]);
