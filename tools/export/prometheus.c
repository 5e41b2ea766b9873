// SPDX-License-Identifier: MIT
/* See prometheus.h. */
#include "prometheus.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/reader/snapshot_time.h"
#include "tools/symbolize/symbolize.h"
#include "stack_id.h"
#include "tools/model/stack_lines.h"
#include "tally.h"

/* The sums that the functions below add one snapshot to. */
struct collection {
	const struct model_snapshot *snapshot;
	struct metric_family *to;
	/* Groups of different kinds may share a stack, and each has its totals: they are merged
	 * here, not added. */
	struct metric_family figures[METRIC_NAMES];
	struct metric_family *kept; /* stacks that have series of their own; NULL: all */
};

/* A stack as labels have it. */
struct stack_name {
	char id[STACK_ID_SIZE]; /* empty if there is no stack */
	char buffer[LINE_NAME_SIZE];
	const char *function;
};

static const char *program_of(const struct model_snapshot *snapshot)
{
	return snapshot->program ? snapshot->program : "";
}

/* The function that names a stack: the innermost one of the program's own code, also in ancestor
 * goroutines; else the innermost one; NULL if there are no frames. */
static const char *top_function(const struct model_stack *stack, char name[LINE_NAME_SIZE])
{
	for (const struct model_stack *at = stack; at; at = at->created_by) {
		const struct model_frame *frame = symbolize_own_frame(at);
		const struct model_location *own = frame ? symbolize_own_location(frame) : NULL;

		if (frame)
			return frame_name(frame, own ? (size_t)(own - frame->locations) : 0, name);
	}
	return stack && stack->frame_count ? frame_name(&stack->frames[0], 0, name) : NULL;
}

static void name_stack(struct stack_name *name, const struct model_group *group)
{
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);
	const char *function = top_function(group_stack(group), name->buffer);

	name->id[0] = '\0';
	if (opened && opened->frame_count)
		stack_id(opened, name->id);
	name->function = function ? function : group_marker(group);
}

/* Adds a value for a stack of the snapshot's program. */
static int add_to_stack(struct metric_family *family, const struct model_snapshot *snapshot,
			const struct stack_name *name, int64_t value)
{
	const struct metric_label labels[] = {
		{"program", program_of(snapshot)},
		{"stack", name->id},
		{"function", name->function},
		{0},
	};

	return metrics_add(family, labels, (double)value);
}

/* Whether a stack has series of its own: 1, 0 or -ENOMEM. Without a stack, the reason why there is
 * none stands for it, of which there are few. */
static int is_kept(const struct collection *collection, const struct stack_name *name)
{
	const struct metric_label labels[] = {
		{"program", program_of(collection->snapshot)},
		{"stack", name->id},
		{"function", name->function},
		{0},
	};

	return !collection->kept || !name->id[0] ? 1 : metrics_has(collection->kept, labels);
}

/* Adds what a stack has opened and closed, and its peak. */
static int add_figures(struct collection *collection, const struct model_group *group,
		       const struct stack_name *name)
{
	const struct model_snapshot *snapshot = collection->snapshot;
	struct metric_family *figures = collection->figures;
	int error = 0;

	if (group->opened >= 0)
		error = add_to_stack(&figures[METRIC_STACK_OPENED], snapshot, name, group->opened);
	if (error == 0 && group->closed >= 0)
		error = add_to_stack(&figures[METRIC_STACK_CLOSED], snapshot, name, group->closed);
	if (error == 0 && group->peak >= 0)
		error = add_to_stack(&figures[METRIC_STACK_PEAK], snapshot, name, group->peak);
	return error;
}

static int add_peak(struct collection *collection, const struct model_peak *peak)
{
	struct stack_name name;

	name_stack(&name, &peak->of);
	int kept = is_kept(collection, &name);
	return kept > 0 ? add_figures(collection, &peak->of, &name) : kept;
}

static int add_group(struct collection *collection, const struct model_group *group)
{
	struct stack_name name;
	struct tally_row rows[TALLY_ROWS];
	size_t count = tally_group(group, rows);

	name_stack(&name, group);
	int kept = is_kept(collection, &name);
	int error = kept < 0 ? kept : 0;
	for (size_t i = 0; i < count && error == 0; i++) {
		const struct metric_label labels[] = {
			{"program", program_of(collection->snapshot)},
			{"kind", rows[i].kind < KIND_COUNT ? kind_name(rows[i].kind) : ""},
			{"state", rows[i].state ? rows[i].state : ""},
			{"stack", kept ? name.id : ""},
			{"function", kept ? name.function : "[other]"},
			{0},
		};

		error = metrics_add(&collection->to[METRIC_OPEN], labels, (double)rows[i].count);
		if (error == 0 && rows[i].aged)
			error = metrics_add(&collection->to[METRIC_OLDEST_AGE], labels,
					    rows[i].oldest);
	}
	if (error == 0 && kept)
		error = add_figures(collection, group, &name);
	return error;
}

/* Calls add for each group of the text that isn't suppressed, also if they were joined to findings.
 * Returns the first error. */
static int each_group(const struct model_snapshot *snapshot,
		      int (*add)(const struct model_group *group, void *data), void *data)
{
	int error = 0;

	for (size_t i = 0; i < snapshot->group_count && error == 0; i++) {
		const struct model_group *group = &snapshot->groups[i];

		if (group->suppressed)
			continue;
		for (size_t j = 0; j < group->part_count && error == 0; j++)
			error = add(group->parts[j], data);
		if (!group->part_count)
			error = add(group, data);
	}
	return error;
}

static int add_one(const struct model_group *group, void *data)
{
	return add_group(data, group);
}

static int add_process(struct metric_family *to, const struct model_snapshot *snapshot)
{
	int64_t time = snapshot_time_ms(snapshot->when);
	char pid[24] = "";
	const struct {
		enum metric_name family;
		bool known;
		double value;
	} figures[] = {
		{METRIC_PROCESS_OPEN, snapshot->open >= 0, (double)snapshot->open},
		{METRIC_PROCESS_PEAK, snapshot->peak_all >= 0, (double)snapshot->peak_all},
		{METRIC_PROCESS_LIMIT, snapshot->limit >= 0,
		 snapshot->limit == INT64_MAX ? INFINITY : (double)snapshot->limit},
		{METRIC_PROCESS_UNCLOSED, snapshot->unclosed >= 0, (double)snapshot->unclosed},
		{METRIC_PROCESS_INHERITED, snapshot->inherited >= 0, (double)snapshot->inherited},
		{METRIC_PROCESS_UPTIME, snapshot->uptime >= 0, snapshot->uptime},
		{METRIC_PROCESS_TIMESTAMP, time > 0, (double)time / 1000},
		{METRIC_PROCESS_COMPLETE, true, snapshot->whole},
	};

	if (snapshot->pid >= 0)
		snprintf(pid, sizeof(pid), "%" PRId64, snapshot->pid);
	const struct metric_label labels[] = {
		{"program", program_of(snapshot)},
		{"pid", pid},
		{0},
	};
	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		int error = figures[i].known
				    ? metrics_add(&to[figures[i].family], labels, figures[i].value)
				    : 0;
		if (error)
			return error;
	}
	return 0;
}

static int add_snapshot(struct metric_family *to, struct metric_family *kept,
			const struct model_snapshot *snapshot)
{
	struct collection collection = {
		.snapshot = snapshot,
		.to = to,
		.figures =
			{
				[METRIC_STACK_OPENED] = {.merge = METRICS_GREATEST},
				[METRIC_STACK_CLOSED] = {.merge = METRICS_GREATEST},
				[METRIC_STACK_PEAK] = {.merge = METRICS_GREATEST},
			},
		.kept = kept,
	};
	int error = each_group(snapshot, add_one, &collection);

	for (size_t i = 0; i < snapshot->peak_count && error == 0; i++)
		if (!snapshot->peaks[i].of.suppressed)
			error = add_peak(&collection, &snapshot->peaks[i]);
	for (enum metric_name name = METRIC_STACK_OPENED; name <= METRIC_STACK_PEAK; name++) {
		if (error == 0)
			error = metrics_take(&to[name], &collection.figures[name]);
		metrics_finish(&collection.figures[name]);
	}
	return error;
}

/* The descriptors of a program's stacks. */
struct ranking {
	const struct model_snapshot *snapshot;
	struct metric_family counts;
};

static int rank(const struct model_group *group, void *data)
{
	struct ranking *ranking = data;
	struct stack_name name;

	name_stack(&name, group);
	return name.id[0] ? add_to_stack(&ranking->counts, ranking->snapshot, &name, group->count)
			  : 0;
}

/* Adds to kept the stacks of a program with the most descriptors, over all of its processes. first:
 * index of the program's first snapshot. */
static int keep_stacks(struct metric_family *kept, const struct model_snapshot *const *snapshots,
		       size_t count, size_t first, size_t stacks)
{
	struct ranking ranking = {.counts.merge = METRICS_SUM};
	int error = 0;

	for (size_t i = first; i < count && error == 0; i++) {
		ranking.snapshot = snapshots[i];
		if (model_same_program(snapshots[i], snapshots[first]))
			error = each_group(snapshots[i], rank, &ranking);
	}
	metrics_keep_greatest(&ranking.counts, stacks);
	if (error == 0)
		error = metrics_take(kept, &ranking.counts);
	metrics_finish(&ranking.counts);
	return error;
}

/* Whether no earlier snapshot is of the same program. */
static bool is_first(const struct model_snapshot *const *snapshots, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (model_same_program(snapshots[i], snapshots[index]))
			return false;
	return true;
}

int prometheus_add(struct metric_family families[METRIC_NAMES],
		   const struct model_snapshot *const *snapshots, size_t count,
		   const struct prometheus_bounds *bounds)
{
	struct metric_family kept = {.merge = METRICS_GREATEST};
	int error = 0;

	for (size_t i = 0; i < count && error == 0 && bounds; i++)
		if (is_first(snapshots, i))
			error = keep_stacks(&kept, snapshots, count, i, bounds->stacks);
	for (size_t i = 0; i < count && error == 0; i++) {
		error = add_snapshot(families, bounds ? &kept : NULL, snapshots[i]);
		if (error == 0 && (!bounds || i < bounds->processes))
			error = add_process(families, snapshots[i]);
	}
	metrics_finish(&kept);
	return error;
}

int prometheus_write(const struct model_snapshot *const *snapshots, size_t count,
		     const struct export_options *options, FILE *file)
{
	struct metric_family families[METRIC_NAMES];
	size_t newest;
	const struct model_snapshot **kept = format_newest(snapshots, count, &newest);

	metric_names_begin(families);
	int error = kept ? prometheus_add(families, kept, newest, NULL) : -ENOMEM;
	metric_names_end(families, error ? NULL : file);
	free(kept);
	return error;
}
