// SPDX-License-Identifier: MIT
/* See findings_together.h. */
#include "findings_together.h"

#include <stdlib.h>

#include "tools/model/model_memory.h"
#include "tools/model/stack_lines.h"
#include "stack_keys.h"

enum {
	SETS_LEAST = 3, /* two of each may be a coincidence */
	PAIR = 2,       /* the descriptors of one call of pipe(2) or socketpair(2) */
};

/* A call path of a finding: its lines outside of the culprit's function, and its counts. */
struct way {
	const struct own_line *outer;
	size_t outer_count;
	int64_t count, opened, closed;
};

/* A finding while it is compared with others. */
struct lot {
	struct finding_item *items;
	size_t count;
	int function; /* the culprit's, as in struct own_line; -1: it can't be joined */
	bool pairs;   /* it may be that each call has opened two */
	struct way *ways;
	size_t way_count;
	const struct model_descriptor **listed; /* in the order in which they were opened */
	size_t listed_count;
};

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_ways(const void *left, const void *right)
{
	const struct way *a = left, *b = right;
	int order = compare_numbers((int64_t)a->outer_count, (int64_t)b->outer_count);

	for (size_t i = 0; !order && i < a->outer_count; i++)
		order = compare_numbers(a->outer[i].line, b->outer[i].line);
	return order;
}

static int64_t all_of(const struct lot *lot)
{
	int64_t count = 0;

	for (size_t i = 0; i < lot->way_count; i++)
		count = model_add(count, lot->ways[i].count);
	return count;
}

/* Puts findings of one function with the same callers beside each other, the smallest first. */
static int compare_lots(const void *left, const void *right)
{
	const struct lot *a = left, *b = right;
	int order = compare_numbers(a->function, b->function);

	order = order ? order : compare_numbers((int64_t)a->way_count, (int64_t)b->way_count);
	for (size_t i = 0; !order && i < a->way_count; i++)
		order = compare_ways(&a->ways[i], &b->ways[i]);
	order = order ? order : compare_numbers(all_of(a), all_of(b));
	return order ? order : compare_numbers(a->items - b->items, 0);
}

static bool same_callers(const struct lot *a, const struct lot *b)
{
	if (a->function < 0 || a->function != b->function || a->way_count != b->way_count)
		return false;
	for (size_t i = 0; i < a->way_count; i++)
		if (compare_ways(&a->ways[i], &b->ways[i]) != 0)
			return false;
	return true;
}

/* For descriptors of one tenth of a second, the order of the numbers is a fair guess. */
static int compare_descriptors(const void *left, const void *right)
{
	const struct model_descriptor *a = *(const struct model_descriptor *const *)left;
	const struct model_descriptor *b = *(const struct model_descriptor *const *)right;

	if (a->age != b->age)
		return a->age > b->age ? -1 : 1;
	return compare_numbers(a->fd, b->fd);
}

/* Whether a set's descriptors come before those of the next set, mostly: two loops one after the
 * other open equal numbers, too, but not together. b has so many times what a has. */
static bool alternate(const struct lot *a, const struct lot *b, size_t times)
{
	size_t sets = b->listed_count / times, in_order = 0;

	sets = sets < a->listed_count ? sets : a->listed_count;
	if (sets < SETS_LEAST - 1)
		return false;
	for (size_t i = 0; i + 1 < sets; i++)
		in_order +=
			compare_descriptors(&a->listed[i], &b->listed[(i + 1) * times]) < 0 &&
			compare_descriptors(&b->listed[(i + 1) * times - 1], &a->listed[i + 1]) < 0;
	return 4 * in_order >= 3 * (sets - 1);
}

/* Whether each path of b has opened and left open what the path of a has, or pairs of it. */
static bool fits(const struct lot *a, const struct lot *b)
{
	int64_t times = b->ways[0].count / a->ways[0].count;

	if ((times != 1 && !(times == PAIR && b->pairs)) || !same_callers(a, b))
		return false;
	for (size_t i = 0; i < a->way_count; i++)
		if (b->ways[i].count != times * a->ways[i].count ||
		    b->ways[i].opened != times * a->ways[i].opened ||
		    b->ways[i].closed != times * a->ways[i].closed)
			return false;
	return alternate(a, b, (size_t)times);
}

/* Lists the descriptors of a finding in the order in which they were opened. */
static void list_descriptors(struct lot *lot)
{
	size_t count = 0;

	for (size_t i = 0; i < lot->count; i++)
		count += lot->items[i].group->descriptor_count;
	lot->listed = memory_array(NULL, count, sizeof(const struct model_descriptor *));
	for (size_t i = 0; i < lot->count; i++) {
		const struct model_group *group = lot->items[i].group;

		lot->pairs &= group->kind == KIND_PIPE || group->kind == KIND_UNIX;
		for (size_t j = 0; j < group->descriptor_count; j++)
			lot->listed[lot->listed_count++] = &group->descriptors[j];
	}
	qsort(lot->listed, count, sizeof(const struct model_descriptor *), compare_descriptors);
}

/* Adds a group to its path. False: it belongs to no set. */
static bool add_to_way(struct lot *lot, struct way *way, const struct finding_item *item,
		       bool first, struct stack_keys *keys)
{
	const struct model_group *group = item->group;
	const struct model_stack *stack = group_stack(group);
	size_t at = 0;

	if (group->origin != MODEL_OPENED || group->suppressed || !group->culprit ||
	    group->caller || !stack || stack->role != MODEL_OPENED_AT || group->opened < 0 ||
	    group->closed < 0 || group->count <= 0)
		return false;
	way->count = model_add(way->count, group->count);
	/* An opening stack counts once. */
	if (!first && item[-1].addresses == item->addresses)
		return true;
	way->opened = model_add(way->opened, group->opened);
	way->closed = model_add(way->closed, group->closed);
	struct stack_key key = stack_keys_of(keys, stack);

	while (at < key.own_count && (key.own[at].frame != group->culprit ||
				      key.own[at].location != group->culprit_location))
		at++;
	if (at == key.own_count || (lot->function >= 0 && lot->function != key.own[at].function))
		return false;
	lot->function = key.own[at].function;
	way->outer = key.own + at + 1;
	way->outer_count = key.own_count - at - 1;
	return true;
}

/* Finds the paths of a finding. */
static void number_lot(struct lot *lot, struct stack_keys *keys)
{
	lot->ways = memory_array(NULL, lot->count, sizeof(*lot->ways));
	lot->function = -1;
	lot->pairs = true;
	for (size_t i = 0; i < lot->count; i++) {
		bool first = !i || lot->items[i].path != lot->items[i - 1].path;

		if (first)
			lot->ways[lot->way_count++] = (struct way){0};
		if (!add_to_way(lot, &lot->ways[lot->way_count - 1], &lot->items[i], first, keys)) {
			lot->function = -1;
			return;
		}
	}
	qsort(lot->ways, lot->way_count, sizeof(*lot->ways), compare_ways);
	list_descriptors(lot);
}

static void join(struct lot *to, struct lot *lot)
{
	for (size_t i = 0; i < lot->count; i++) {
		lot->items[i].finding = to->items[0].finding;
		lot->items[i].together = true;
	}
	for (size_t i = 0; i < to->count; i++)
		to->items[i].together = true;
	lot->function = -1; /* no other is joined to this one */
}

/* Joins each of these neighbours, which have the same callers, to the first that it fits. */
static void join_lots(struct lot *lots, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; lots[i].function >= 0 && j < i; j++) {
			if (lots[j].function < 0 || all_of(&lots[j]) < SETS_LEAST ||
			    !fits(&lots[j], &lots[i]))
				continue;
			join(&lots[j], &lots[i]);
		}
}

static int compare_items(const void *left, const void *right)
{
	const struct finding_item *a = left, *b = right;
	int order = compare_numbers((int64_t)a->finding, (int64_t)b->finding);

	order = order ? order : compare_numbers((int64_t)a->path, (int64_t)b->path);
	return order ? order : compare_numbers((int64_t)a->position, (int64_t)b->position);
}

void findings_together(struct finding_item *items, size_t count)
{
	struct stack_keys *keys = stack_keys_create(false);
	struct lot *lots = memory_array(NULL, count, sizeof(*lots));
	size_t lot_count = 0;

	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && items[end].finding == items[first].finding;)
			end++;
		lots[lot_count] = (struct lot){.items = items + first, .count = end - first};
		number_lot(&lots[lot_count++], keys);
	}
	qsort(lots, lot_count, sizeof(*lots), compare_lots);
	for (size_t first = 0, end; first < lot_count; first = end) {
		for (end = first + 1; end < lot_count && same_callers(&lots[first], &lots[end]);)
			end++;
		join_lots(lots + first, end - first);
	}
	for (size_t i = 0; i < lot_count; i++) {
		free(lots[i].ways);
		free(lots[i].listed);
	}
	free(lots);
	stack_keys_destroy(keys);
	qsort(items, count, sizeof(*items), compare_items);
}
