// SPDX-License-Identifier: MIT
/* See findings.h. Joins several groups into one. */
#include <stdlib.h>
#include <string.h>

#include "tools/model/stack_lines.h"
#include "tools/model/model_memory.h"
#include "accepted.h"
#include "findings.h"
#include "findings_together.h"
#include "page.h"

static const size_t state_room = sizeof(((struct model_group *)NULL)->states) /
				 sizeof(((struct model_group *)NULL)->states[0]);

static void add_states(struct model_group *to, const struct model_group *from)
{
	for (size_t i = 0; i < from->state_count; i++) {
		size_t at = 0;

		while (at < to->state_count &&
		       strcmp(to->states[at].name, from->states[i].name) != 0)
			at++;
		if (at == to->state_count) {
			if (at == state_room)
				continue;
			to->states[to->state_count++] = from->states[i];
		} else {
			to->states[at].count =
				model_add(to->states[at].count, from->states[i].count);
		}
	}
}

/* Puts CLOSE_WAIT first, as in each of the groups. */
static void sort_states(struct model_group *group)
{
	for (size_t i = 1; i < group->state_count; i++)
		if (strcmp(group->states[i].name, "CLOSE_WAIT") == 0) {
			__typeof__(group->states[0]) state = group->states[i];

			memmove(&group->states[1], &group->states[0], i * sizeof(state));
			group->states[0] = state;
			return;
		}
}

static void add_figure(int64_t *to, int64_t figure)
{
	*to = *to < 0 || figure < 0 ? MODEL_UNKNOWN : model_add(*to, figure);
}

static void add_ages(struct model_group *to, double least, double most)
{
	if (least >= 0 && (to->age_least < 0 || least < to->age_least))
		to->age_least = least;
	if (most > to->age_most)
		to->age_most = most;
}

/* The oldest first, as in each of the groups. */
static int compare_descriptors(const void *left, const void *right)
{
	const struct model_descriptor *a = left, *b = right;

	if (a->age != b->age)
		return a->age > b->age ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

static int compare_stacks(const void *left, const void *right)
{
	const struct finding_item *a = *(const struct finding_item *const *)left,
				  *b = *(const struct finding_item *const *)right;

	if (a->addresses != b->addresses)
		return a->addresses > b->addresses ? 1 : -1;
	return (a > b) - (a < b);
}

void findings_add_figures(struct model_group *to, const struct model_group *from)
{
	add_figure(&to->opened, from->opened);
	add_figure(&to->closed, from->closed);
	add_figure(&to->live, from->live);
	to->growth = model_add(to->growth, from->growth);
	to->has_growth &= from->has_growth;
}

static void add_elsewhere(struct model_group *to, const struct model_group *from)
{
	__typeof__(to->closed_elsewhere) *sum = &to->closed_elsewhere;

	sum->others = model_add(sum->others, from->closed_elsewhere.others);
	sum->other_stacks = model_add(sum->other_stacks, from->closed_elsewhere.other_stacks);
	sum->untraced = model_add(sum->untraced, from->closed_elsewhere.untraced);
	sum->unknown = model_add(sum->unknown, from->closed_elsewhere.unknown);
}

/* Lists the closers of all opening stacks one after another. Room for closer_count is needed; the
 * report joins those with the same lines. */
static void join_closers(struct model_snapshot *snapshot, struct model_group *group,
			 const struct finding_item *const *sorted, size_t count)
{
	struct model_stack *at;

	at = group->closers = obstack_alloc(&snapshot->memory, group->closer_count * sizeof(*at));
	for (size_t i = 0; i < count; i++) {
		const struct model_group *part = sorted[i]->group;

		if (i && sorted[i]->addresses == sorted[i - 1]->addresses)
			continue;
		if (part->closer_count)
			memcpy(at, part->closers, part->closer_count * sizeof(*at));
		at += part->closer_count;
	}
}

/* Sums what the opening stacks have opened and closed. Several groups may share an opening stack,
 * which counts once. */
static void add_figures(struct model_snapshot *snapshot, struct model_group *group,
			const struct finding_item *items, size_t count)
{
	const struct finding_item **sorted =
		memory_array(NULL, count, sizeof(const struct finding_item *));

	group->opened = group->closed = group->live = group->growth = 0;
	group->closer_count = 0;
	memset(&group->closed_elsewhere, 0, sizeof(group->closed_elsewhere));
	group->has_growth = true;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &items[i];
	qsort(sorted, count, sizeof(*sorted), compare_stacks);
	/* Peaks of several stacks may be of different times, so they can't be added. */
	if (sorted[0]->addresses != sorted[count - 1]->addresses)
		group->peak = MODEL_UNKNOWN;
	for (size_t i = 0; i < count; i++)
		if (!i || sorted[i]->addresses != sorted[i - 1]->addresses) {
			findings_add_figures(group, sorted[i]->group);
			add_elsewhere(group, sorted[i]->group);
			group->closer_count += sorted[i]->group->closer_count;
		}
	join_closers(snapshot, group, sorted, count);
	free(sorted);
}

static void join_descriptors(struct model_snapshot *snapshot, struct model_group *group,
			     const struct finding_item *items, size_t count)
{
	struct model_descriptor *at;

	group->descriptor_count = 0;
	for (size_t i = 0; i < count; i++)
		group->descriptor_count += items[i].group->descriptor_count;
	at = group->descriptors =
		obstack_alloc(&snapshot->memory, group->descriptor_count * sizeof(*at));
	for (size_t i = 0; i < count; i++) {
		const struct model_group *part = items[i].group;

		if (part->descriptor_count)
			memcpy(at, part->descriptors, part->descriptor_count * sizeof(*at));
		at += part->descriptor_count;
	}
	qsort(group->descriptors, group->descriptor_count, sizeof(*group->descriptors),
	      compare_descriptors);
}

/* Sums the groups. The first one that has the most descriptors gives the stacks and words. */
static struct model_group join(struct model_snapshot *snapshot, const struct finding_item *items,
			       size_t count)
{
	const struct model_group *most = items[0].group;
	struct model_group group;

	for (size_t i = 1; i < count; i++)
		if (items[i].group->count > most->count)
			most = items[i].group;
	group = *most;
	group.parts = obstack_alloc(&snapshot->memory, count * sizeof(struct model_group *));
	group.part_count = count;
	for (size_t i = 0; i < count; i++)
		group.parts[i] = items[i].group;
	if (count == 1)
		return group;
	group.count = group.more = 0;
	group.broken = false;
	group.state_count = 0;
	group.age_least = group.age_most = MODEL_UNKNOWN;
	for (size_t i = 0; i < count; i++) {
		const struct model_group *part = items[i].group;

		group.count = model_add(group.count, part->count);
		group.broken |= part->broken;
		group.more = model_add(group.more, part->more);
		if (part->kind != group.kind)
			group.kind = KIND_COUNT;
		if (!part->how || !group.how || strcmp(part->how, group.how) != 0)
			group.how = NULL;
		add_states(&group, part);
		add_ages(&group, part->age_least, part->age_most);
		/* A group of one descriptor has the age in that descriptor's line. */
		for (size_t j = 0; part->age_least < 0 && j < part->descriptor_count; j++)
			add_ages(&group, part->descriptors[j].age, part->descriptors[j].age);
	}
	add_figures(snapshot, &group, items, count);
	sort_states(&group);
	page_ages(snapshot, &group);
	join_descriptors(snapshot, &group, items, count);
	return group;
}

/* The most descriptors first; then in the order of the text. */
static int compare_paths(const void *left, const void *right)
{
	const struct model_group *a = left, *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

struct model_group findings_join(struct model_snapshot *snapshot, const struct finding_item *items,
				 size_t count)
{
	struct model_group group = join(snapshot, items, count);
	size_t paths = 0;

	group.paths = obstack_alloc(&snapshot->memory, count * sizeof(*group.paths));
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && items[end].path == items[first].path;)
			end++;
		group.paths[paths++] = join(snapshot, items + first, end - first);
	}
	group.path_count = paths;
	group.together = items[0].together;
	qsort(group.paths, paths, sizeof(*group.paths), compare_paths);
	/* The report shows the stack of the first path. */
	group.stacks = group.paths[0].stacks;
	group.stack_count = group.paths[0].stack_count;
	group.culprit = group.paths[0].culprit;
	group.culprit_location = group.paths[0].culprit_location;
	group.caller = group.paths[0].caller;
	group.caller_location = group.paths[0].caller_location;
	group.place = group.paths[0].place;
	group.last_used = group.paths[0].last_used;
	return group;
}

static bool is_of_interpreter(const struct model_group *group)
{
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);

	return opened && opened->runtime;
}

/* The snapshot's order of groups: opened by this program, opened by untraced calls, inherited;
 * within these growing ones first, then by CLOSE_WAIT, number and age. What the interpreter of a
 * language opens for itself comes later than what the program's functions open. */
static int class_of(const struct model_group *group)
{
	switch (group->origin) {
	case MODEL_UNSEEN:
		return 1;
	case MODEL_INHERITED_FORK:
		return 2;
	case MODEL_INHERITED:
		return 3;
	default:
		return 0;
	}
}

static int compare_findings(const void *left, const void *right)
{
	const struct model_group *a = left, *b = right;
	const int64_t a_growth = a->has_growth && a->growth > 0 ? a->growth : 0;
	const int64_t b_growth = b->has_growth && b->growth > 0 ? b->growth : 0;
	const int64_t keys[][2] = {
		{class_of(b), class_of(a)},
		{a_growth > 0, b_growth > 0},
		{model_in_state(a, "CLOSE_WAIT"), model_in_state(b, "CLOSE_WAIT")},
		{is_of_interpreter(b), is_of_interpreter(a)},
		{a_growth, b_growth},
		{a->count, b->count},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] > keys[i][1] ? -1 : 1;
	if (a->age_most != b->age_most)
		return a->age_most > b->age_most ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* The function that a heading names if it has no line; else NULL. */
static const char *lineless_place(const struct model_group *group)
{
	const struct model_frame *frame = group->culprit;
	size_t location = group->culprit_location;

	if (!frame || (location < frame->location_count && frame->locations[location].line))
		return NULL;
	return frame_function(frame, location);
}

static int compare_places(const void *left, const void *right)
{
	return strcmp(lineless_place(*(struct model_group *const *)left),
		      lineless_place(*(struct model_group *const *)right));
}

/* Without lines, two calls in one function have the same heading: marks them, so that the headings
 * get the offset. */
static void mark_same_places(struct model_group *findings, size_t count)
{
	struct model_group **sorted = memory_array(NULL, count, sizeof(struct model_group *));
	size_t lineless = 0;

	for (size_t i = 0; i < count; i++)
		if (lineless_place(&findings[i]))
			sorted[lineless++] = &findings[i];
	qsort(sorted, lineless, sizeof(struct model_group *), compare_places);
	for (size_t first = 0, end; first < lineless; first = end) {
		bool several = false;

		for (end = first + 1; end < lineless; end++) {
			if (compare_places(&sorted[first], &sorted[end]) != 0)
				break;
			several |= sorted[end]->culprit->offset != sorted[first]->culprit->offset;
		}
		for (size_t i = first; i < end; i++)
			sorted[i]->same_place = several;
	}
	free(sorted);
}

/* Makes the findings of all groups, in the snapshot's memory; *found is their number. */
static struct model_group *find(struct model_snapshot *snapshot, size_t *found)
{
	size_t count = snapshot->group_count;
	struct finding_item *items = memory_array(NULL, count, sizeof(*items));
	struct model_group *findings = obstack_alloc(&snapshot->memory, count * sizeof(*findings));

	for (size_t i = 0; i < count; i++)
		items[i] = (struct finding_item){.group = &snapshot->groups[i], .is_new = true};
	findings_sort(items, count, false, false);
	findings_together(items, count);
	*found = 0;
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && items[end].finding == items[first].finding;)
			end++;
		findings[(*found)++] = findings_join(snapshot, items + first, end - first);
	}
	qsort(findings, *found, sizeof(*findings), compare_findings);
	mark_same_places(findings, *found);
	accepted_find(snapshot, findings, *found);
	for (size_t i = 0; i < *found; i++)
		for (size_t j = 0; j < findings[i].part_count; j++)
			findings[i].parts[j]->finding = (int64_t)i + 1;
	free(items);
	return findings;
}

void findings_merge(struct model_snapshot *snapshot)
{
	size_t count;
	struct model_group *findings = find(snapshot, &count);

	for (size_t i = 0; i < count; i++)
		findings[i].number = findings[i].finding = (int64_t)i + 1;
	snapshot->groups = findings;
	snapshot->group_count = count;
}

void findings_number(struct model_snapshot *snapshot)
{
	size_t count;

	find(snapshot, &count);
}
