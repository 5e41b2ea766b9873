// SPDX-License-Identifier: MIT
/* See diff.h. Both snapshots' groups are put in one order, in which the same ones are neighbours.
 */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "../reader/memory.h"

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static const char *module_of(const struct model_frame *frame, bool by_path)
{
	return frame->build_id && !by_path ? frame->build_id : frame->module;
}

static int compare_frames(const struct model_frame *a, const struct model_frame *b, bool by_path)
{
	int order = compare_text(module_of(a, by_path), module_of(b, by_path));

	if (order)
		return order;
	/* In no known module there is only the address, which another run does not share. */
	return compare_numbers(a->module ? a->offset : a->address,
			       b->module ? b->offset : b->address);
}

static int compare_stacks(const struct model_stack *a, const struct model_stack *b, bool by_path)
{
	for (; a && b; a = a->created_by, b = b->created_by) {
		int order = compare_numbers(a->frame_count, b->frame_count);

		for (size_t i = 0; order == 0 && i < a->frame_count; i++)
			order = compare_frames(&a->frames[i], &b->frames[i], by_path);
		if (order)
			return order;
	}
	return (a != NULL) - (b != NULL);
}

/* Groups of a process that is not traced have no stacks: each is of one state. */
static const char *state_of(const struct model_group *group)
{
	return group->origin == MODEL_UNTRACED && group->state_count == 1 ? group->states[0].name
									  : NULL;
}

/* qsort_r's data is by_path. */
static int compare_members(const void *left, const void *right, void *data)
{
	static const enum model_stack_role roles[] = {MODEL_OPENED_AT, MODEL_LAST_USED_AT};
	const struct model_group *a = ((const struct diff_member *)left)->group;
	const struct model_group *b = ((const struct diff_member *)right)->group;
	int order = compare_numbers(a->kind, b->kind);

	order = order ? order : compare_numbers(a->origin, b->origin);
	order = order ? order : compare_text(state_of(a), state_of(b));
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles) && order == 0; i++)
		order = compare_stacks(model_stack(a, roles[i]), model_stack(b, roles[i]),
				       *(bool *)data);
	return order;
}

/* Names before numbers of groups, so that the order is the same in every run. */
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

static size_t add_groups(struct diff_member *members, struct model_snapshot *snapshot, bool is_new)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->group_count; i++) {
		struct model_group *group = &snapshot->groups[i];

		if (group->suppressed || group->count <= 0 || group->origin == MODEL_INHERITED ||
		    group->origin == MODEL_INHERITED_FORK)
			continue;
		members[count++] = (struct diff_member){group, is_new};
	}
	return count;
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
	size_t count;

	*diff = (struct diff){.old = old, .new = new};
	/* The modules come last in the text: what was cut has them no more. */
	diff->by_path = !old->module_count != !new->module_count;
	diff->members =
		memory_array(NULL, old->group_count + new->group_count, sizeof(*diff->members));
	count = add_groups(diff->members, old, false);
	count += add_groups(diff->members + count, new, true);
	qsort_r(diff->members, count, sizeof(*diff->members), compare_members, &diff->by_path);

	diff->entries = memory_array(NULL, count, sizeof(*diff->entries));
	for (size_t first = 0, end; first < count; first = end) {
		struct diff_entry *entry = &diff->entries[diff->count++];

		for (end = first + 1; end < count; end++)
			if (compare_members(&diff->members[first], &diff->members[end],
					    &diff->by_path) != 0)
				break;
		*entry = (struct diff_entry){.members = diff->members + first,
					     .member_count = end - first};
		finish_entry(entry);
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
	for (size_t i = 0; i < entry->member_count; i++)
		if (entry->members[i].is_new)
			return entry->members[i].group;
	return entry->members[0].group;
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

/* The modules that have a build-id, by their paths. */
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
		/* Its neighbours are what the old one has instead, if it has the path at all. */
		if ((at < old_count && strcmp(old[at]->path, new[i]->path) == 0) ||
		    (at && strcmp(old[at - 1]->path, new[i]->path) == 0))
			rebuilt = new[i]->path;
	}
	free(old);
	free(new);
	return rebuilt;
}
