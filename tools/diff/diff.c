// SPDX-License-Identifier: MIT
/* See diff.h. The groups of both snapshots are sorted together, so that those of one finding are
 * neighbours. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "tools/model/stack_lines.h"
#include "tools/model/model_memory.h"

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* Compares sentences at last and no group numbers, so that the order is the same in every run. */
static int compare_entries(const void *left, const void *right)
{
	const struct diff_entry *a = left, *b = right;
	int64_t a_growth = diff_growth(a), b_growth = diff_growth(b);
	bool a_shrank = a_growth < 0, b_shrank = b_growth < 0;

	if ((a_growth == 0) != (b_growth == 0))
		return a_growth == 0 ? 1 : -1;
	if (a_shrank != b_shrank)
		return a_shrank - b_shrank;
	if (a_growth != b_growth)
		return (a_growth > b_growth) == a_shrank ? 1 : -1;
	if (a->new_count != b->new_count)
		return a->new_count > b->new_count ? -1 : 1;
	return compare_text(diff_group(a)->sentence, diff_group(b)->sentence);
}

static bool counts(const struct model_group *group)
{
	return !group->suppressed && group->count > 0 && group->origin != MODEL_INHERITED &&
	       group->origin != MODEL_INHERITED_FORK;
}

static size_t count_groups(const struct model_snapshot *snapshot)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->group_count; i++)
		count += snapshot->groups[i].part_count ? snapshot->groups[i].part_count : 1;
	return count;
}

/* Adds the groups of the text; of findings that findings_merge() has made, their parts. */
static size_t add_groups(struct finding_item *members, struct model_snapshot *snapshot, bool is_new)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->group_count; i++) {
		struct model_group *group = &snapshot->groups[i];

		if (!counts(group))
			continue;
		if (!group->part_count)
			members[count++] = (struct finding_item){.group = group, .is_new = is_new};
		for (size_t j = 0; j < group->part_count; j++)
			members[count++] =
				(struct finding_item){.group = group->parts[j], .is_new = is_new};
	}
	return count;
}

/* The finding in one of the snapshots, which has it. Groups without stacks can't be joined, so this
 * is the first one. */
static struct model_group join_side(const struct diff *diff, const struct diff_entry *entry,
				    bool is_new)
{
	struct model_group group;
	struct finding_item *items = memory_array(NULL, entry->member_count, sizeof(*items));
	size_t count = 0;

	for (size_t i = 0; i < entry->member_count; i++)
		if (entry->members[i].is_new == is_new)
			items[count++] = entry->members[i];
	group = *items[0].group;
	if (group_stack(items[0].group))
		group = findings_join(is_new ? diff->new : diff->old, items, count);
	free(items);
	return group;
}

static void finish_entry(struct diff_entry *entry)
{
	for (size_t i = 0; i < entry->member_count; i++) {
		int64_t *count = entry->members[i].is_new ? &entry->new_count : &entry->old_count;

		*count = model_add(*count, entry->members[i].group->count);
	}
	if (!entry->old_count)
		entry->change = DIFF_NEW;
	else if (!entry->new_count)
		entry->change = DIFF_GONE;
	else if (entry->new_count == entry->old_count)
		entry->change = DIFF_SAME;
	else
		entry->change = entry->new_count > entry->old_count ? DIFF_GROWN : DIFF_SHRUNK;
}

struct diff *diff_create(struct model_snapshot *old, struct model_snapshot *new)
{
	struct diff *diff = memory_array(NULL, 1, sizeof(*diff));
	size_t count = count_groups(old) + count_groups(new);

	*diff = (struct diff){.old = old, .new = new};
	/* The modules come last in the text, so a truncated snapshot has none. */
	diff->by_path = !old->module_count != !new->module_count;
	diff->members = memory_array(NULL, count, sizeof(*diff->members));
	count = add_groups(diff->members, old, false);
	count += add_groups(diff->members + count, new, true);
	findings_sort(diff->members, count, diff->by_path, true);

	diff->entries = memory_array(NULL, count, sizeof(*diff->entries));
	for (size_t first = 0, end; first < count; first = end) {
		struct diff_entry *entry = &diff->entries[diff->count++];

		for (end = first + 1; end < count; end++)
			if (diff->members[end].finding != diff->members[first].finding)
				break;
		*entry = (struct diff_entry){.members = diff->members + first,
					     .member_count = end - first};
		finish_entry(entry);
		entry->group = join_side(diff, entry, entry->new_count != 0);
		if (entry->old_count && entry->new_count)
			entry->old = join_side(diff, entry, false);
	}
	qsort(diff->entries, diff->count, sizeof(*diff->entries), compare_entries);
	return diff;
}

void diff_destroy(struct diff *diff)
{
	if (!diff)
		return;
	free(diff->entries);
	free(diff->members);
	free(diff);
}

int64_t diff_growth(const struct diff_entry *entry)
{
	return entry->new_count - entry->old_count;
}

const struct model_group *diff_group(const struct diff_entry *entry)
{
	return &entry->group;
}

const char *diff_change_name(enum diff_change change)
{
	static const char *const names[DIFF_CHANGES] = {
		[DIFF_NEW] = "new",   [DIFF_GROWN] = "grown", [DIFF_SHRUNK] = "shrunk",
		[DIFF_GONE] = "gone", [DIFF_SAME] = "same",
	};

	return names[change];
}

static int compare_builds(const void *left, const void *right)
{
	const struct model_module *a = *(struct model_module *const *)left;
	const struct model_module *b = *(struct model_module *const *)right;
	int order = compare_text(a->path, b->path);

	return order ? order : compare_text(a->build_id, b->build_id);
}

/* The modules that have a build-id, sorted by path. */
static struct model_module **sorted_modules(const struct model_snapshot *snapshot, size_t *count)
{
	struct model_module **sorted =
		memory_array(NULL, snapshot->module_count, sizeof(struct model_module *));

	*count = 0;
	for (size_t i = 0; i < snapshot->module_count; i++)
		if (snapshot->modules[i].build_id)
			sorted[(*count)++] = &snapshot->modules[i];
	qsort(sorted, *count, sizeof(*sorted), compare_builds);
	return sorted;
}

const char *diff_rebuilt(const struct diff *diff)
{
	size_t old_count, new_count, at = 0;
	struct model_module **old = sorted_modules(diff->old, &old_count);
	struct model_module **new = sorted_modules(diff->new, &new_count);
	const char *rebuilt = NULL;

	for (size_t i = 0; i < new_count && !rebuilt; i++) {
		while (at < old_count && compare_builds(&old[at], &new[i]) < 0)
			at++;
		if (at < old_count && compare_builds(&old[at], &new[i]) == 0)
			continue;
		/* If the old snapshot has the path with another build-id, that is a neighbour. */
		if ((at < old_count && strcmp(old[at]->path, new[i]->path) == 0) ||
		    (at && strcmp(old[at - 1]->path, new[i]->path) == 0))
			rebuilt = new[i]->path;
	}
	free(old);
	free(new);
	return rebuilt;
}
