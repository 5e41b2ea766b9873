// SPDX-License-Identifier: MIT
/* See tally.h. */
#include "tally.h"

#include <string.h>

struct tally {
	struct tally_row *rows;
	size_t count;
};

static bool same_state(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Finds or makes the row of a kind and state. One row for each kind, and one for no kind, is
 * reserved for descriptors without a state, so that there is always a row. */
static struct tally_row *row_of(struct tally *tally, enum kind kind, const char *state)
{
	for (size_t i = 0; i < tally->count; i++)
		if (tally->rows[i].kind == kind && same_state(tally->rows[i].state, state))
			return &tally->rows[i];
	if (state && tally->count >= TALLY_ROWS - KIND_COUNT - 1)
		return row_of(tally, kind, NULL);
	tally->rows[tally->count] = (struct tally_row){.kind = kind, .state = state};
	return &tally->rows[tally->count++];
}

size_t tally_group(const struct model_group *group, struct tally_row rows[TALLY_ROWS])
{
	struct tally tally = {.rows = rows};
	int64_t counted = 0;

	for (size_t i = 0; i < group->descriptor_count; i++) {
		const struct model_descriptor *descriptor = &group->descriptors[i];
		struct tally_row *row = row_of(&tally, descriptor->kind, descriptor->state);

		row->count++;
		if (descriptor->age >= 0) {
			row->aged++;
			row->age += descriptor->age;
			if (descriptor->age > row->oldest)
				row->oldest = descriptor->age;
		}
	}
	/* The heading counts all descriptors with their states, also those not listed. */
	for (size_t i = 0; i < group->state_count && group->kind < KIND_COUNT; i++) {
		struct tally_row *row = row_of(&tally, group->kind, group->states[i].name);

		if (row->state && row->count < group->states[i].count)
			row->count = group->states[i].count;
	}
	for (size_t i = 0; i < tally.count; i++)
		counted = model_add(counted, rows[i].count);
	if (counted < group->count) {
		struct tally_row *row = row_of(&tally, group->kind, NULL);

		row->count = model_add(row->count, group->count - counted);
	}

	size_t kept = 0;
	for (size_t i = 0; i < tally.count; i++)
		if (rows[i].count > 0)
			rows[kept++] = rows[i];
	return kept;
}
