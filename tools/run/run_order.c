// SPDX-License-Identifier: MIT
/* See run_order.h. */
#include "run_order.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/model_memory.h"
#include "tools/reader/snapshot_time.h"
#include "tools/report/heading.h"
#include "tools/report/page.h"

enum rank { OUTLIVES, OUTLIVED, TOGETHER, RANK_COUNT };

enum {
	SHORT_SECONDS = 10,
	PARTS_OF_RUN = 4,
	GROUPS_TOLD = 3, /* groups in a line about several processes */
};

/* Snapshots round durations down to tenths of a second. */
static const double tenth = 0.1;

/* A group that several processes have in common. */
struct common {
	char *place, *count; /* as in the heading of the first process' group */
	enum kind kind;
	int64_t least, most;
	int64_t close_wait; /* number of processes that have some in CLOSE_WAIT */
	bool same_count;    /* count is the same for all processes */
};

/* A part of the report: a process, or several short-lived ones with the same groups. */
struct part {
	enum rank rank;
	char *report, *lines;
	/* The rest is for short-lived processes only. */
	char *program;
	struct common *groups;
	size_t group_count;
	int64_t count, first, last; /* number of processes; ids of the first and last */
	double least, most;         /* seconds that they lived */
};

struct run_order {
	struct run_life life;
	bool fold;
	struct part *parts;
	size_t count;
};

struct run_order *run_order_create(const struct run_life *life, bool fold)
{
	struct run_order *order = memory_array(NULL, 1, sizeof(*order));

	*order = (struct run_order){.life = *life, .fold = fold};
	return order;
}

static void free_groups(struct common *groups, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(groups[i].place);
		free(groups[i].count);
	}
	free(groups);
}

void run_order_destroy(struct run_order *order)
{
	if (!order)
		return;
	for (size_t i = 0; i < order->count; i++) {
		struct part *part = &order->parts[i];

		free_groups(part->groups, part->group_count);
		free(part->report);
		free(part->lines);
		free(part->program);
	}
	free(order->parts);
	free(order);
}

static char *copy(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(memory_array(NULL, size, 1), text, size);
}

/* Whether the program outlived the process; false also if the times aren't known. A process whose
 * snapshot is of the program's last millisecond has usually ended before it: a shell ends at once
 * after its last command. */
static bool is_outlived(const struct run_order *order, const struct model_snapshot *snapshot)
{
	int64_t when = snapshot_time_ms(snapshot->when);

	return snapshot->pid != order->life.pid && when && when <= order->life.ended_ms;
}

/* The most seconds that the process can have lived; < 0: not known. */
static double lived(const struct model_snapshot *snapshot)
{
	return snapshot->forked >= 0 ? snapshot->forked : snapshot->uptime;
}

static bool is_short_lived(const struct run_order *order, const struct model_snapshot *snapshot)
{
	double run = (double)(order->life.ended_ms - order->life.started_ms) / 1000;

	return is_outlived(order, snapshot) && lived(snapshot) >= 0 &&
	       lived(snapshot) <= SHORT_SECONDS && (lived(snapshot) + tenth) * PARTS_OF_RUN <= run;
}

/* The groups by which processes are compared: without those that others opened before the fork. */
static struct common *groups_of(const struct model_snapshot *snapshot, size_t *count)
{
	struct common *groups = memory_array(NULL, snapshot->group_count, sizeof(*groups));
	struct page page;

	*count = 0;
	page_open(&page, NULL, 0, false);
	for (size_t i = 0; i < snapshot->group_count; i++) {
		const struct model_group *group = &snapshot->groups[i];

		if (group->suppressed || group->origin == MODEL_INHERITED ||
		    group->origin == MODEL_INHERITED_FORK)
			continue;
		groups[(*count)++] = (struct common){
			.place = heading_place(&page, group),
			.count = heading_count(&page, group),
			.kind = group->kind,
			.least = group->count,
			.most = group->count,
			.close_wait = model_in_state(group, "CLOSE_WAIT") > 0,
			.same_count = true,
		};
	}
	page_close(&page);
	return groups;
}

static int compare_groups(const void *left, const void *right)
{
	const struct common *a = left, *b = right;
	int order = strcmp(a->place, b->place);

	return order ? order : (a->kind > b->kind) - (a->kind < b->kind);
}

static bool has_groups(const struct part *part, const struct common *groups, size_t count)
{
	if (part->group_count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (compare_groups(&part->groups[i], &groups[i]) != 0)
			return false;
	return true;
}

static struct part *find(struct run_order *order, const struct model_snapshot *snapshot,
			 const struct common *groups, size_t count)
{
	for (size_t i = 0; i < order->count; i++) {
		struct part *part = &order->parts[i];

		if (part->count && strcmp(part->program, snapshot->program) == 0 &&
		    has_groups(part, groups, count))
			return part;
	}
	return NULL;
}

static struct part *add_part(struct run_order *order, const struct part *part)
{
	order->parts = memory_array(order->parts, order->count + 1, sizeof(*order->parts));
	order->parts[order->count] = *part;
	return &order->parts[order->count++];
}

static void add_lines(struct part *part, const char *lines)
{
	size_t length = strlen(part->lines), more = strlen(lines);

	part->lines = memory_array(part->lines, length + more + 1, 1);
	memcpy(part->lines + length, lines, more + 1);
}

/* Adds a process to that part. */
static void join(struct part *part, const struct model_snapshot *snapshot, struct common *groups,
		 const char *lines)
{
	for (size_t i = 0; i < part->group_count; i++) {
		struct common *all = &part->groups[i];

		all->same_count &= strcmp(all->count, groups[i].count) == 0;
		all->least = groups[i].least < all->least ? groups[i].least : all->least;
		all->most = groups[i].most > all->most ? groups[i].most : all->most;
		all->close_wait += groups[i].close_wait;
	}
	free_groups(groups, part->group_count);
	part->rank = TOGETHER;
	part->count++;
	part->last = snapshot->pid;
	part->least = lived(snapshot) < part->least ? lived(snapshot) : part->least;
	part->most = lived(snapshot) > part->most ? lived(snapshot) : part->most;
	free(part->report);
	part->report = NULL;
	add_lines(part, lines);
}

void run_order_add(struct run_order *order, const struct model_snapshot *snapshot, bool alone,
		   const char *report, const char *lines)
{
	struct part part = {.rank = is_outlived(order, snapshot) ? OUTLIVED : OUTLIVES};

	if (order->fold && !alone && *report && snapshot->program &&
	    is_short_lived(order, snapshot)) {
		part.groups = groups_of(snapshot, &part.group_count);
		qsort(part.groups, part.group_count, sizeof(*part.groups), compare_groups);
		struct part *same = find(order, snapshot, part.groups, part.group_count);

		if (same) {
			join(same, snapshot, part.groups, lines);
			return;
		}
		part.program = copy(snapshot->program);
		part.count = 1;
		part.first = snapshot->pid;
		part.least = part.most = lived(snapshot);
	}
	part.report = copy(report);
	part.lines = copy(lines);
	add_part(order, &part);
}

/* Writes "0.2s each", or "0.1s to 0.3s each". */
static void put_lives(FILE *out, const struct part *part)
{
	char least[32], most[32];

	page_duration(part->least, least);
	page_duration(part->most, most);
	fputs(least, out);
	if (strcmp(least, most) != 0)
		fprintf(out, " to %s", most);
	fputs(" each", out);
}

/* Writes "1 tcp socket in CLOSE_WAIT, opened in accept_one at server.c:88", or "1 to 3 tcp sockets,
 * ...". */
static void put_common(FILE *out, const struct part *part, const struct common *group)
{
	if (group->same_count) {
		fputs(group->count, out);
	} else {
		if (group->least < group->most)
			fprintf(out, "%" PRId64 " to ", group->least);
		fprintf(out, "%" PRId64 " %s", group->most,
			group->kind < KIND_COUNT
				? kind_noun(group->kind, (size_t)group->most)
				: page_plural(group->most, "descriptor", "descriptors"));
		if (group->close_wait == part->count)
			fputs(" (each some in CLOSE_WAIT)", out);
		else if (group->close_wait)
			fprintf(out, " (in CLOSE_WAIT in %" PRId64 " of the processes)",
				group->close_wait);
	}
	fputs(group->place, out);
}

/* The line about several processes. */
static char *line_of(const struct part *part)
{
	char *text = NULL, *program = page_safe(part->program);
	size_t size, told = part->group_count > GROUPS_TOLD + 1 ? GROUPS_TOLD : part->group_count;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		bool one = part->group_count == 1 && part->groups[0].most == 1;

		fprintf(out, "fdtrail run: %" PRId64 " short-lived processes (%s, ", part->count,
			program);
		put_lives(out, part);
		fprintf(out,
			"; first process %" PRId64 ", last %" PRId64
			") ended with %s open, and exit closed %s",
			part->first, part->last, one ? "this" : "these", one ? "it" : "them");
		for (size_t i = 0; i < told; i++) {
			fputs(i ? "; " : ": ", out);
			put_common(out, part, &part->groups[i]);
		}
		if (told < part->group_count)
			fprintf(out, "; and %zu more groups", part->group_count - told);
		fputs(" (--full shows each process)\n", out);
		fclose(out);
	}
	free(program);
	return text;
}

void run_order_tell(struct run_order *order, void (*put)(void *data, const char *text, bool report),
		    void *data)
{
	bool first = true; /* the first line about several processes: these lines are a paragraph */

	for (enum rank rank = OUTLIVES; rank < RANK_COUNT; rank++)
		for (size_t i = 0; i < order->count; i++) {
			const struct part *part = &order->parts[i];

			if (part->rank != rank)
				continue;
			if (part->report && *part->report)
				put(data, part->report, true);
			if (rank == TOGETHER) {
				char *line = line_of(part);

				put(data, line ? line : "", first);
				first = false;
				free(line);
			}
			if (*part->lines)
				put(data, part->lines, false);
		}
}
