// SPDX-License-Identifier: MIT
/* See dup_copies.h. The copies' lines name the number of what was copied, and whether that is still
 * open. */
#include "dup_copies.h"

#include <stdlib.h>

#include "tools/model/model_memory.h"

static int compare_numbers(const void *left, const void *right)
{
	const struct model_descriptor *a = *(struct model_descriptor *const *)left;
	const struct model_descriptor *b = *(struct model_descriptor *const *)right;

	return (a->fd > b->fd) - (a->fd < b->fd);
}

void dup_copies_count(struct model_snapshot *snapshot)
{
	struct model_descriptor **sorted;
	size_t count = 0, room = 0;

	for (size_t i = 0; i < snapshot->group_count; i++)
		room += snapshot->groups[i].descriptor_count;
	sorted = memory_array(NULL, room, sizeof(struct model_descriptor *));
	for (size_t i = 0; i < snapshot->group_count; i++)
		for (size_t j = 0; j < snapshot->groups[i].descriptor_count; j++)
			sorted[count++] = &snapshot->groups[i].descriptors[j];
	qsort(sorted, count, sizeof(*sorted), compare_numbers);
	for (size_t i = 0; i < count; i++) {
		struct model_descriptor wanted = {.fd = sorted[i]->dup_of}, *key = &wanted, **found;

		if (sorted[i]->original != MODEL_ORIGINAL_OPEN)
			continue;
		found = bsearch(&key, sorted, count, sizeof(*sorted), compare_numbers);
		if (found)
			(*found)->copies++;
	}
	free(sorted);
}
