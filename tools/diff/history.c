// SPDX-License-Identifier: MIT
/* See history.h. */
#include "history.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/export/format.h"
#include "tools/model/model_memory.h"
#include "tools/reader/snapshot_time.h"
#include "diff.h"

/* A snapshot of one process, and its place in the caller's order. */
struct earlier {
	struct model_snapshot *snapshot;
	int64_t time_ms;
	size_t index;
};

static int by_time(const void *one, const void *other)
{
	const struct earlier *a = one, *b = other;
	int order = (a->time_ms > b->time_ms) - (a->time_ms < b->time_ms);

	if (order == 0)
		order = (a->snapshot->number > b->snapshot->number) -
			(a->snapshot->number < b->snapshot->number);
	return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* Collects the snapshots of newest's process except itself, the oldest first. */
static size_t list_earlier(struct model_snapshot *const *snapshots, size_t count,
			   const struct model_snapshot *newest, struct earlier *earlier)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		if (snapshots[i] != newest && newest->pid != MODEL_UNKNOWN &&
		    model_same_process(snapshots[i], newest))
			earlier[found++] = (struct earlier){
				.snapshot = snapshots[i],
				.time_ms = snapshot_time_ms(snapshots[i]->when),
				.index = i,
			};
	qsort(earlier, found, sizeof(*earlier), by_time);
	return found;
}

static struct model_moment moment_of(const struct model_snapshot *snapshot,
				     const struct model_snapshot *newest)
{
	int64_t then = snapshot_time_ms(snapshot->when), now = snapshot_time_ms(newest->when);

	return (struct model_moment){
		.before = then && now > then ? (double)(now - then) / 1000 : 0,
		.number = snapshot->number,
		.unclosed = snapshot->unclosed,
		.open = snapshot->open,
	};
}

/* The finding of the newest snapshot that an entry belongs to; 0 if all its descriptors are
 * closed. */
static int64_t finding_of(const struct diff_entry *entry)
{
	for (size_t i = 0; i < entry->member_count; i++)
		if (entry->members[i].is_new)
			return entry->members[i].group->finding;
	return 0;
}

static void add_moment(struct model_snapshot *newest, struct model_snapshot *snapshot, size_t at)
{
	struct diff *diff = diff_create(snapshot, newest);

	for (size_t i = 0; i < diff->count; i++) {
		int64_t finding = finding_of(&diff->entries[i]);
		struct model_group *group = finding ? &newest->groups[finding - 1] : NULL;

		if (group && group->history)
			group->history[at] =
				model_add(group->history[at], diff->entries[i].old_count);
	}
	diff_destroy(diff);
}

static void fill(struct model_snapshot *newest, const struct earlier *earlier, size_t count)
{
	newest->history = obstack_alloc(&newest->memory, (count + 1) * sizeof(*newest->history));
	newest->history_count = count + 1;
	newest->history[count] = moment_of(newest, newest);
	for (size_t i = 0; i < newest->group_count; i++) {
		struct model_group *group = &newest->groups[i];
		bool matched = !group->suppressed && group->origin != MODEL_INHERITED &&
			       group->origin != MODEL_INHERITED_FORK;

		if (!matched)
			continue;
		group->history =
			obstack_alloc(&newest->memory, (count + 1) * sizeof(*group->history));
		for (size_t j = 0; j < count; j++)
			group->history[j] = 0;
		group->history[count] = group->count;
	}
	for (size_t i = 0; i < count; i++) {
		newest->history[i] = moment_of(earlier[i].snapshot, newest);
		add_moment(newest, earlier[i].snapshot, i);
	}
}

int history_fill(struct model_snapshot *const *snapshots, size_t count)
{
	size_t newest_count, next = 0;
	const struct model_snapshot **newest = format_newest(
		(const struct model_snapshot *const *)snapshots, count, &newest_count);
	struct earlier *earlier = calloc(count + 1, sizeof(*earlier));
	int error = newest && earlier ? 0 : -ENOMEM;

	/* format_newest() keeps the order. */
	for (size_t i = 0; i < count && error == 0 && next < newest_count; i++)
		if (snapshots[i] == newest[next]) {
			fill(snapshots[i], earlier,
			     list_earlier(snapshots, count, snapshots[i], earlier));
			next++;
		}
	free(newest);
	free(earlier);
	return error;
}

int history_thin(struct model_snapshot *const *snapshots, size_t count, bool *drop)
{
	size_t newest_count, next = 0;
	const struct model_snapshot **newest = format_newest(
		(const struct model_snapshot *const *)snapshots, count, &newest_count);
	struct earlier *earlier = calloc(count + 1, sizeof(*earlier));
	int marked = 0;

	if (!newest || !earlier)
		marked = -ENOMEM;
	memset(drop, 0, count * sizeof(*drop));
	for (size_t i = 0; i < count && marked >= 0; i++) {
		size_t found;

		if (next == newest_count || snapshots[i] != newest[next])
			continue;
		next++;
		found = list_earlier(snapshots, count, snapshots[i], earlier);
		for (size_t j = 1; found > HISTORY_MOST && j < found; j++) {
			if (j * HISTORY_MOST / found != (j - 1) * HISTORY_MOST / found)
				continue;
			drop[earlier[j].index] = true;
			marked++;
		}
	}
	free(newest);
	free(earlier);
	return marked;
}
