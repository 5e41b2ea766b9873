// SPDX-License-Identifier: MIT
/* See findings.h. Decides which groups are one finding. */
#include "findings.h"

#include <stdlib.h>
#include <string.h>

#include "tools/model/stack_lines.h"
#include "tools/model/model_memory.h"
#include "culprit.h"
#include "stack_keys.h"

enum {
	/* A function with this many different calling functions may be a wrapper. */
	WRAPPER_CALLERS = 8,
	/* A path with this many open leaks repeatedly. */
	LEAKS_AGAIN = 3,
};

/* A group while it is compared. */
struct entry {
	struct finding_item item;
	bool has_stack, used;
	int base; /* the culprit's line; the path's number if no frame is the program's own */
	/* How many times work was asked for between the culprit and the open. The code that listens
	 * also asked for what is accepted, and these are two findings. */
	int asked;
	int main; /* of a Go dependency's request: the line of package main that made it; else -1 */
	struct stack_key key;
};

/* Neighbouring entries of one call path. */
struct path {
	struct entry *entries;
	size_t count;
	bool closes;    /* it closes what it opens */
	bool leaks;     /* it has left several open, or more and more */
	size_t culprit; /* index in key.own */
	size_t caller;  /* index in key.own, if two findings have the same culprit; or 0 */
	size_t finding;
	bool apart; /* its finding closes what it opens; another one with its culprit does not */
};

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* The origin; what came by exec differs from what came by fork. */
static int origin_of(const struct model_group *group)
{
	return 2 * (int)group->origin + group->by_exec;
}

/* The state of a group of an untraced process, which has no stack and one state; else "". */
static const char *state_of(const struct model_group *group)
{
	return group->origin == MODEL_UNTRACED && group->state_count == 1 ? group->states[0].name
									  : "";
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = compare_numbers(origin_of(a->item.group), origin_of(b->item.group));

	order = order ? order : compare_numbers(a->has_stack, b->has_stack);
	order = order ? order
		      : compare_numbers(a->item.group->suppressed, b->item.group->suppressed);
	if (!order && !a->has_stack) {
		order = compare_numbers(a->item.group->kind, b->item.group->kind);
		order = order ? order : strcmp(state_of(a->item.group), state_of(b->item.group));
	}
	order = order ? order : compare_numbers(a->used, b->used);
	order = order ? order : compare_numbers(a->base, b->base);
	order = order ? order : compare_numbers(a->asked, b->asked);
	order = order ? order : compare_numbers(a->main, b->main);
	return order ? order : compare_numbers(a->key.path, b->key.path);
}

/* Sorts by opening stack within a path, and by position at last, because qsort(3) is not stable. */
static int compare_for_sort(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = compare_entries(a, b);

	order = order ? order : compare_numbers(a->item.is_new, b->item.is_new);
	order = order ? order : compare_numbers(a->item.addresses, b->item.addresses);
	return order ? order
		     : compare_numbers((int64_t)a->item.position, (int64_t)b->item.position);
}

static bool same_base(const struct entry *a, const struct entry *b)
{
	return a->has_stack && b->has_stack &&
	       origin_of(a->item.group) == origin_of(b->item.group) &&
	       a->item.group->suppressed == b->item.group->suppressed && a->used == b->used &&
	       a->base == b->base && a->asked == b->asked && a->main == b->main;
}

/* The number of "asked for by" before the stack with the frame. */
static int count_asked(const struct model_stack *stack, const struct model_frame *frame)
{
	int count = 0;

	for (; stack; stack = stack->created_by) {
		count += stack->asked;
		if (frame >= stack->frames && frame < stack->frames + stack->frame_count)
			return count;
	}
	return 0;
}

static void number_entry(struct entry *entry, struct stack_keys *keys)
{
	const struct model_stack *stack = group_stack(entry->item.group);
	const struct model_stack *opened = model_stack(entry->item.group, MODEL_OPENED_AT);
	const struct model_frame *main;
	size_t location;

	entry->item.addresses = -1 - (int)entry->item.position;
	if (!stack || !stack->frame_count)
		return;
	entry->has_stack = true;
	entry->used = stack->role == MODEL_LAST_USED_AT;
	entry->key = stack_keys_of(keys, stack);
	entry->item.addresses = opened && opened != stack ? stack_keys_of(keys, opened).addresses
							  : entry->key.addresses;
	/* Only a frame of the program's own is a culprit: many callers share a library's frame. */
	entry->base = entry->key.own_count ? entry->key.own[0].line : entry->key.path;
	entry->asked = entry->key.own_count ? count_asked(stack, entry->key.own[0].frame) : 0;
	entry->main = -1;
	if (!entry->used || !entry->key.own_count)
		return;
	main = culprit_main(stack, entry->key.own[0].frame, entry->key.own[0].location, &location);
	for (size_t i = 0; main && i < entry->key.own_count; i++)
		if (entry->key.own[i].frame == main && entry->key.own[i].location == location)
			entry->main = entry->key.own[i].line;
}

/* Sums the counts of a path, and decides whether it closes and whether it leaks. Each opening stack
 * counts once; of two snapshots only the later one counts. */
static void judge(struct path *path)
{
	int64_t opened = 0, closed = 0, growth = 0, live = 0;
	bool any_new = false, has_growth = true, known = true;

	for (size_t i = 0; i < path->count; i++)
		any_new |= path->entries[i].item.is_new;
	for (size_t i = 0; i < path->count; i++) {
		const struct entry *entry = &path->entries[i];
		const struct model_group *group = entry->item.group;

		if (entry->item.is_new != any_new)
			continue;
		live = model_add(live, group->count);
		if (i && entry[-1].item.is_new == any_new &&
		    entry[-1].item.addresses == entry->item.addresses)
			continue;
		known &= group->opened >= 0 && group->closed >= 0;
		opened = model_add(opened, group->opened);
		closed = model_add(closed, group->closed);
		growth = model_add(growth, group->growth);
		has_growth &= group->has_growth;
	}
	has_growth &= path->entries[0].has_stack;
	/* At least three of four are closed, and the number open has not grown. The counts are
	 * those of the opening stack, so they say nothing about the last user of a connection. */
	path->closes = known && !path->entries[0].used && closed / 3 >= opened - closed &&
		       closed > 0 && !(has_growth && growth > 0);
	path->leaks = !path->closes && (has_growth ? growth > 0 : live >= LEAKS_AGAIN);
}

static int compare_callers(const void *left, const void *right)
{
	return compare_numbers(*(const int *)left, *(const int *)right);
}

/* The number of different sets of calling functions that the paths have. */
static size_t count_callers(struct path *const *paths, size_t count)
{
	int *callers = memory_array(NULL, count, sizeof(*callers));
	size_t different = count > 0;

	for (size_t i = 0; i < count; i++)
		callers[i] = paths[i]->entries[0].key.callers;
	qsort(callers, count, sizeof(*callers), compare_callers);
	for (size_t i = 1; i < count; i++)
		different += callers[i] != callers[i - 1];
	free(callers);
	return different;
}

/* The number of the path's own line at this depth; -1 beyond the last one. */
static int line_at(const struct path *path, size_t depth)
{
	const struct stack_key *key = &path->entries[0].key;

	return depth < key->own_count ? key->own[depth].line : -1;
}

/* The first depth at or after this one where the paths differ; 0 if they don't. */
static size_t differing(struct path *const *paths, size_t count, size_t depth)
{
	for (; line_at(paths[0], depth) >= 0; depth++)
		for (size_t i = 1; i < count; i++)
			if (line_at(paths[i], depth) != line_at(paths[0], depth))
				return depth;
	for (size_t i = 1; i < count; i++)
		if (line_at(paths[i], depth) >= 0)
			return depth;
	return 0;
}

static bool is_wrapper(struct path *const *paths, size_t count)
{
	size_t leaking = 0;

	for (size_t i = 0; i < count; i++)
		leaking += paths[i]->leaks;
	/* If half of its callers leak or more, the function itself does. */
	return count >= WRAPPER_CALLERS && 2 * leaking < count &&
	       count_callers(paths, count) >= WRAPPER_CALLERS;
}

/* Makes one finding of these paths, with the culprit at depth. caller: see struct path. */
static void settle(struct path **paths, size_t count, size_t depth, size_t caller, size_t *findings)
{
	size_t finding = (*findings)++;

	for (size_t i = 0; i < count; i++) {
		size_t own = paths[i]->entries[0].key.own_count;

		paths[i]->finding = finding;
		paths[i]->culprit = depth < own ? depth : own ? own - 1 : 0;
		paths[i]->caller = caller < own ? caller : 0;
	}
}

/* For qsort_r(3): data is the depth. */
static int compare_at(const void *left, const void *right, void *data)
{
	const struct path *a = *(struct path *const *)left, *b = *(struct path *const *)right;
	size_t depth = *(size_t *)data;
	int order = compare_numbers(line_at(a, depth), line_at(b, depth));

	return order ? order : compare_numbers(a - b, 0);
}

static int compare_closing(const void *left, const void *right)
{
	const struct path *a = *(struct path *const *)left, *b = *(struct path *const *)right;

	return a->closes != b->closes ? a->closes - b->closes : compare_numbers(a - b, 0);
}

/* Makes findings of paths with the same line at depth. */
static void split(struct path **paths, size_t count, size_t depth, size_t *findings)
{
	size_t next = differing(paths, count, depth), closing = 0;

	for (size_t i = 0; i < count; i++)
		closing += paths[i]->closes;
	if (next && is_wrapper(paths, count)) {
		qsort_r(paths, count, sizeof(struct path *), compare_at, &next);
		for (size_t first = 0, end; first < count; first = end) {
			for (end = first + 1; end < count; end++)
				if (line_at(paths[end], next) != line_at(paths[first], next))
					break;
			split(paths + first, end - first, next, findings);
		}
		return;
	}
	if (!closing || closing == count) {
		settle(paths, count, depth, 0, findings);
		return;
	}
	/* Some callers leak and others close: two findings, each named where the callers differ. */
	qsort(paths, count, sizeof(struct path *), compare_closing);
	struct path **halves[] = {paths, paths + (count - closing)};
	size_t counts[] = {count - closing, closing};

	for (size_t half = 0; half < 2; half++) {
		size_t own = differing(halves[half], counts[half], depth);
		bool one_caller = next && (!own || own > next);

		settle(halves[half], counts[half], one_caller ? next : depth, one_caller ? 0 : next,
		       findings);
		for (size_t i = 0; i < counts[half]; i++)
			halves[half][i]->apart = half == 1;
	}
}

/* Compares what makes paths one finding, whichever wrappers lead to the culprit. */
static int compare_culprits(const void *left, const void *right)
{
	const struct path *a = *(struct path *const *)left, *b = *(struct path *const *)right;
	const struct entry *one = a->entries, *other = b->entries;
	int order = compare_numbers(origin_of(one->item.group), origin_of(other->item.group));

	order = order ? order
		      : compare_numbers(one->item.group->suppressed, other->item.group->suppressed);
	order = order ? order : compare_numbers(one->used, other->used);
	order = order ? order : compare_numbers(one->asked, other->asked);
	order = order ? order : compare_numbers(one->main, other->main);
	order = order ? order : compare_numbers(a->apart, b->apart);
	order = order ? order : compare_numbers(line_at(a, a->culprit), line_at(b, b->culprit));
	/* Paths without a line of the program have no culprit in common. */
	if (!order && line_at(a, a->culprit) < 0)
		order = compare_numbers((int64_t)a->finding, (int64_t)b->finding);
	return order;
}

static void join_culprits(struct path **paths, size_t count)
{
	qsort(paths, count, sizeof(struct path *), compare_culprits);
	for (size_t i = 1; i < count; i++)
		if (compare_culprits(&paths[i - 1], &paths[i]) == 0)
			paths[i]->finding = paths[i - 1]->finding;
}

/* Groups without a stack in one snapshot are never one path. */
static bool same_path(const struct entry *a, const struct entry *b, bool join)
{
	return (a->has_stack || join) && compare_entries(a, b) == 0;
}

static int compare_items(const void *left, const void *right)
{
	const struct finding_item *a = left, *b = right;
	int order = compare_numbers((int64_t)a->finding, (int64_t)b->finding);

	order = order ? order : compare_numbers((int64_t)a->path, (int64_t)b->path);
	return order ? order : compare_numbers((int64_t)a->position, (int64_t)b->position);
}

/* Copies the result to the items, and the culprits and callers to their groups. */
static void fill(struct finding_item *items, const struct path *paths, size_t count)
{
	size_t filled = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < paths[i].count; j++) {
			const struct entry *entry = &paths[i].entries[j];
			struct finding_item *item = &items[filled++];

			*item = entry->item;
			item->finding = paths[i].finding;
			item->path = i;
			item->group->culprit = item->group->caller = NULL;
			if (!entry->key.own_count)
				continue;
			/* The lines are equal, but each group has its own frames. */
			item->group->culprit = entry->key.own[paths[i].culprit].frame;
			item->group->culprit_location = entry->key.own[paths[i].culprit].location;
			if (!paths[i].caller)
				continue;
			item->group->caller = entry->key.own[paths[i].caller].frame;
			item->group->caller_location = entry->key.own[paths[i].caller].location;
		}
	qsort(items, filled, sizeof(*items), compare_items);
}

void findings_sort(struct finding_item *items, size_t count, bool by_path, bool join)
{
	struct stack_keys *keys = stack_keys_create(by_path);
	struct entry *entries = memory_array(NULL, count, sizeof(*entries));
	struct path *paths = memory_array(NULL, count, sizeof(*paths));
	struct path **some = memory_array(NULL, count, sizeof(struct path *));
	size_t path_count = 0, findings = 0;

	for (size_t i = 0; i < count; i++) {
		entries[i] = (struct entry){.item = items[i]};
		entries[i].item.position = i;
		number_entry(&entries[i], keys);
	}
	qsort(entries, count, sizeof(*entries), compare_for_sort);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count; end++)
			if (!same_path(&entries[first], &entries[end], join))
				break;
		paths[path_count] = (struct path){.entries = &entries[first], .count = end - first};
		judge(&paths[path_count++]);
	}
	for (size_t first = 0, end; first < path_count; first = end) {
		some[first] = &paths[first];
		for (end = first + 1; end < path_count; end++) {
			if (!same_base(paths[first].entries, paths[end].entries))
				break;
			some[end] = &paths[end];
		}
		split(some + first, end - first, 0, &findings);
	}
	for (size_t i = 0; i < path_count; i++)
		some[i] = &paths[i];
	join_culprits(some, path_count);
	fill(items, paths, path_count);
	free(some);
	free(paths);
	free(entries);
	stack_keys_destroy(keys);
}
