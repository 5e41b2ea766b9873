// SPDX-License-Identifier: MIT
/* The order of the rows of `fdtrail top`. */
#pragma once

#include <stddef.h>

#include "top_rows.h"

enum top_order {
	TOP_BY_CHANGE, /* the most grown first */
	TOP_BY_COUNT,
	TOP_BY_RATE,
	TOP_BY_AGE,
	TOP_BY_STATE, /* CLOSE_WAIT first, then by name */
	TOP_BY_PLACE, /* where they were opened, by name */
};

/* The words of --sort, by enum top_order; their first letters are the keys. */
enum { TOP_ORDERS = TOP_BY_PLACE + 1 };
extern const char *const top_order_names[TOP_ORDERS];

/* A row of one of the processes. */
struct top_line {
	int pid;
	const struct top_row *row;
};

/* Sorts lines. Equal ones are ordered by count, then by process, then as they appeared. */
void top_order(struct top_line *lines, size_t count, enum top_order order);
