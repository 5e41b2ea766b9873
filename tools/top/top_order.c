// SPDX-License-Identifier: MIT
/* See top_order.h. */
#include "top_order.h"

#include <stdlib.h>
#include <string.h>

const char *const top_order_names[] = {
	[TOP_BY_CHANGE] = "growth", [TOP_BY_COUNT] = "count", [TOP_BY_RATE] = "rate",
	[TOP_BY_AGE] = "age",       [TOP_BY_STATE] = "state", [TOP_BY_PLACE] = "place",
};

static int descending(double a, double b)
{
	return (a < b) - (a > b);
}

static double rate_of(const struct top_row *row)
{
	double rate;

	return top_row_rate(row, &rate) ? rate : 0;
}

/* Rows without a state come last. */
static int compare_states(const struct top_row *a, const struct top_row *b)
{
	int64_t count;
	const char *left = top_row_state(a, &count), *right = top_row_state(b, &count);

	if (!left || !right)
		return !left - !right;
	bool left_waits = strcmp(left, "CLOSE_WAIT") == 0,
	     right_waits = strcmp(right, "CLOSE_WAIT") == 0;
	return left_waits != right_waits ? right_waits - left_waits : strcmp(left, right);
}

static int compare_places(const struct top_row *a, const struct top_row *b)
{
	const char *left = diff_group(a->entry)->place, *right = diff_group(b->entry)->place;

	return !left || !right ? !left - !right : strcmp(left, right);
}

static int compare_by(const struct top_row *a, const struct top_row *b, enum top_order order)
{
	switch (order) {
	case TOP_BY_CHANGE:
		return descending((double)top_row_change(a), (double)top_row_change(b));
	case TOP_BY_COUNT:
		return 0; /* all orders end with it */
	case TOP_BY_RATE:
		return descending(rate_of(a), rate_of(b));
	case TOP_BY_AGE:
		return descending(top_row_age(a), top_row_age(b));
	case TOP_BY_STATE:
		return compare_states(a, b);
	case TOP_BY_PLACE:
		return compare_places(a, b);
	}
	return 0;
}

static int compare(const void *left, const void *right, void *data)
{
	const struct top_line *a = left, *b = right;
	int order = compare_by(a->row, b->row, *(const enum top_order *)data);

	if (order)
		return order;
	if (a->row->count != b->row->count)
		return a->row->count < b->row->count ? 1 : -1;
	if (a->pid != b->pid)
		return a->pid > b->pid ? 1 : -1;
	return (a->row->id > b->row->id) - (a->row->id < b->row->id);
}

void top_order(struct top_line *lines, size_t count, enum top_order order)
{
	if (count)
		qsort_r(lines, count, sizeof(*lines), compare, &order);
}
