// SPDX-License-Identifier: MIT
/* See format.h: the newest snapshot of each process. */
#include "format.h"

#include <stdlib.h>
#include <string.h>

#include "tools/reader/snapshot_time.h"

/* A snapshot and its place in the caller's order. */
struct place {
	const struct model_snapshot *snapshot;
	int64_t time_ms; /* 0: not known */
	size_t index;
	bool superseded;
};

static int compare_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_process(const struct model_snapshot *a, const struct model_snapshot *b)
{
	int order = (a->pid > b->pid) - (a->pid < b->pid);

	if (order == 0)
		order = compare_text(a->host, b->host);
	return order ? order : compare_text(a->program, b->program);
}

static int by_process(const void *one, const void *other)
{
	const struct place *a = one, *b = other;
	int order = compare_process(a->snapshot, b->snapshot);

	/* The numbers begin at 1 again if a program executes itself. */
	if (order == 0)
		order = (a->time_ms > b->time_ms) - (a->time_ms < b->time_ms);
	if (order == 0)
		order = (a->snapshot->number > b->snapshot->number) -
			(a->snapshot->number < b->snapshot->number);
	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int by_index(const void *one, const void *other)
{
	const struct place *a = one, *b = other;

	return (a->index > b->index) - (a->index < b->index);
}

const struct model_snapshot **format_newest(const struct model_snapshot *const *snapshots,
					    size_t count, size_t *newest)
{
	struct place *places = calloc(count ? count : 1, sizeof(*places));
	const struct model_snapshot **kept = calloc(count ? count : 1, sizeof(const void *));

	*newest = 0;
	if (!places || !kept) {
		free(places);
		free(kept);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		places[i] = (struct place){
			.snapshot = snapshots[i],
			.time_ms = snapshot_time_ms(snapshots[i]->when),
			.index = i,
		};
	qsort(places, count, sizeof(*places), by_process);
	for (size_t i = 0; i + 1 < count; i++)
		places[i].superseded =
			places[i].snapshot->pid >= 0 &&
			compare_process(places[i].snapshot, places[i + 1].snapshot) == 0;
	qsort(places, count, sizeof(*places), by_index);
	for (size_t i = 0; i < count; i++)
		if (!places[i].superseded)
			kept[(*newest)++] = places[i].snapshot;
	free(places);
	return kept;
}
