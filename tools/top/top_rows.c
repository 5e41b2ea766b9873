// SPDX-License-Identifier: MIT
/* See top_rows.h. */
#include "top_rows.h"

#include <stdlib.h>
#include <string.h>

#include "tools/model/model_memory.h"

/* A group of the snapshot before, and the row that it belonged to. */
struct owner {
	const struct model_group *group;
	const struct top_row *row;
};

struct owners {
	struct owner *items;
	size_t count;
};

static int compare_owners(const void *left, const void *right)
{
	const struct owner *a = left, *b = right;

	return (a->group > b->group) - (a->group < b->group);
}

/* The groups of the newest snapshot, sorted. */
static struct owners owners_of(const struct top_rows *rows)
{
	size_t room = rows->diff ? rows->diff->count : 0;
	struct owners owners = {0};

	for (size_t i = 0; i < rows->count; i++)
		room += rows->rows[i].entry->member_count;
	owners.items = memory_array(NULL, room, sizeof(*owners.items));
	for (size_t i = 0; i < rows->count; i++) {
		const struct diff_entry *entry = rows->rows[i].entry;

		for (size_t j = 0; j < entry->member_count; j++)
			if (entry->members[j].is_new)
				owners.items[owners.count++] =
					(struct owner){entry->members[j].group, &rows->rows[i]};
	}
	qsort(owners.items, owners.count, sizeof(*owners.items), compare_owners);
	return owners;
}

/* The row that an entry of the next comparison continues, or NULL. */
static const struct top_row *row_before(const struct owners *owners, const struct diff_entry *entry)
{
	for (size_t i = 0; i < entry->member_count; i++) {
		struct owner wanted = {.group = entry->members[i].group};
		const struct owner *found = entry->members[i].is_new
						    ? NULL
						    : bsearch(&wanted, owners->items, owners->count,
							      sizeof(wanted), compare_owners);

		if (found)
			return found->row;
	}
	return NULL;
}

static void add_sample(struct top_row *row, double at)
{
	if (row->sample_count == TOP_HISTORY) {
		row->sample_count--;
		memmove(row->samples, row->samples + 1, row->sample_count * sizeof(*row->samples));
	}
	row->samples[row->sample_count++] = (struct top_sample){at, row->count};
}

void top_rows_update(struct top_rows *rows, struct model_snapshot *snapshot, double at)
{
	bool is_first = !rows->snapshot;
	struct owners owners = owners_of(rows);
	/* The first snapshot is compared with itself: all its findings are there, unchanged. */
	struct diff *diff = diff_create(is_first ? snapshot : rows->snapshot, snapshot);
	struct top_row *next = memory_array(NULL, diff->count, sizeof(*next));
	size_t count = 0;

	for (size_t i = 0; i < diff->count; i++) {
		const struct diff_entry *entry = &diff->entries[i];
		const struct top_row *before = row_before(&owners, entry);
		struct top_row *row = &next[count];

		if (!entry->new_count)
			continue;
		if (before)
			*row = *before;
		else
			*row = (struct top_row){.id = ++rows->last_id,
						.first = is_first ? entry->new_count : 0};
		row->entry = entry;
		row->count = entry->new_count;
		add_sample(row, at);
		count++;
	}
	free(owners.items);
	free(rows->rows);
	diff_destroy(rows->diff);
	model_destroy(rows->snapshot);
	rows->rows = next;
	rows->count = count;
	rows->diff = diff;
	rows->snapshot = snapshot;
	rows->snapshots++;
}

void top_rows_clear(struct top_rows *rows)
{
	free(rows->rows);
	diff_destroy(rows->diff);
	model_destroy(rows->snapshot);
	*rows = (struct top_rows){.last_id = rows->last_id};
}

int64_t top_row_change(const struct top_row *row)
{
	return row->count - row->first;
}

bool top_row_rate(const struct top_row *row, double *rate)
{
	const struct top_sample *first = row->samples, *last = first + row->sample_count - 1;

	if (row->sample_count < 2 || last->at <= first->at)
		return false;
	*rate = (double)(last->count - first->count) / (last->at - first->at);
	return true;
}

const char *top_row_state(const struct top_row *row, int64_t *count)
{
	const struct model_group *group = diff_group(row->entry);
	size_t most = 0;

	if (!group->state_count)
		return NULL;
	/* The reader's states begin with CLOSE_WAIT, if there is any. */
	for (size_t i = 1; i < group->state_count; i++)
		if (group->states[i].count > group->states[most].count &&
		    strcmp(group->states[most].name, "CLOSE_WAIT") != 0)
			most = i;
	*count = group->states[most].count;
	return group->states[most].name;
}

double top_row_age(const struct top_row *row)
{
	const struct model_group *group = diff_group(row->entry);
	double most = group->age_most;

	/* The text gives the ages of one descriptor only with the descriptor. */
	for (size_t i = 0; i < group->descriptor_count; i++)
		if (group->descriptors[i].age > most)
			most = group->descriptors[i].age;
	return most;
}
