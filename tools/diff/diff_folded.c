// SPDX-License-Identifier: MIT
/* Writes one line a stack with its two counts, for flamegraph.pl to draw as a differential flame
 * graph. The stacks of a finding stay apart. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/export/folded.h"
#include "tools/export/stack_id.h"
#include "tools/model/stack_lines.h"
#include "tools/model/model_memory.h"
#include "diff_format.h"

struct row {
	char id[STACK_ID_SIZE];
	const struct finding_item *member;
};

static int compare_stacks(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = strcmp(a->id, b->id);

	return order ? order : (int)a->member->group->kind - (int)b->member->group->kind;
}

static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = compare_stacks(a, b);

	return order ? order : (a->member > b->member) - (a->member < b->member);
}

static int write_entry(const struct diff *diff, const struct diff_entry *entry,
		       const struct export_options *options, FILE *file)
{
	size_t count = entry->member_count;
	struct row *rows = memory_array(NULL, count, sizeof(*rows));
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		rows[i].member = &entry->members[i];
		stack_id(group_stack(rows[i].member->group), rows[i].id);
	}
	qsort(rows, count, sizeof(*rows), compare_rows);
	for (size_t first = 0, end; first < count && !error; first = end) {
		int64_t counts[2] = {0};

		for (end = first; end < count && compare_stacks(&rows[first], &rows[end]) == 0;
		     end++) {
			const struct finding_item *member = rows[end].member;

			counts[member->is_new] =
				model_add(counts[member->is_new], member->group->count);
		}
		/* The stack begins with the program's name: the new snapshot's, for both counts. */
		error = folded_write_stack(diff->new, rows[first].member->group, options, file);
		if (!error)
			fprintf(file, " %" PRId64 " %" PRId64 "\n", counts[0], counts[1]);
	}
	free(rows);
	return error;
}

int diff_write_folded(const struct diff *diff, const struct diff_options *options, FILE *file)
{
	int error = 0;

	for (size_t i = 0; i < diff->count && !error; i++)
		error = write_entry(diff, &diff->entries[i], &options->export, file);
	return error;
}
