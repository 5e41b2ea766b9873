// SPDX-License-Identifier: MIT
/* See prometheus.h. */
#include "prometheus.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "metrics.h"
#include "tools/reader/snapshot_time.h"
#include "tools/symbolize/symbolize.h"
#include "stack_id.h"
#include "tools/model/stack_lines.h"
#include "tally.h"

enum family {
	OPEN_DESCRIPTORS,
	OLDEST_AGE,
	STACK_OPENED,
	STACK_CLOSED,
	STACK_PEAK,
	PROCESS_OPEN,
	PROCESS_PEAK,
	PROCESS_LIMIT,
	PROCESS_UNCLOSED,
	PROCESS_INHERITED,
	PROCESS_UPTIME,
	PROCESS_TIMESTAMP,
	PROCESS_COMPLETE,
	FAMILIES,
};

static const struct {
	const char *name, *type, *help;
	enum metrics_merge merge;
} families[FAMILIES] = {
	[OPEN_DESCRIPTORS] = {"fdtrail_open_descriptors", "gauge",
			      "Open descriptors by the stack that opened them.", METRICS_SUM},
	[OLDEST_AGE] = {"fdtrail_oldest_descriptor_age_seconds", "gauge",
			"Age of the oldest listed descriptor of a stack.", METRICS_GREATEST},
	[STACK_OPENED] = {"fdtrail_stack_opened_total", "counter",
			  "Descriptors that a stack has opened since the program started.",
			  METRICS_SUM},
	[STACK_CLOSED] = {"fdtrail_stack_closed_total", "counter",
			  "Descriptors of a stack that have been closed since the program started.",
			  METRICS_SUM},
	[STACK_PEAK] = {"fdtrail_stack_peak_descriptors", "gauge",
			"The most descriptors of a stack that a process had open at once.",
			METRICS_GREATEST},
	[PROCESS_OPEN] = {"fdtrail_process_open_descriptors", "gauge",
			  "Descriptors in use by the process, inherited ones included.",
			  METRICS_GREATEST},
	[PROCESS_PEAK] = {"fdtrail_process_peak_descriptors", "gauge",
			  "The most descriptors that the process had open at once, inherited ones "
			  "included.",
			  METRICS_GREATEST},
	[PROCESS_LIMIT] = {"fdtrail_process_max_descriptors", "gauge",
			   "Limit of descriptors of the process (RLIMIT_NOFILE).",
			   METRICS_GREATEST},
	[PROCESS_UNCLOSED] = {"fdtrail_process_unclosed_descriptors", "gauge",
			      "Descriptors that the process has opened and not closed.",
			      METRICS_GREATEST},
	[PROCESS_INHERITED] = {"fdtrail_process_inherited_descriptors", "gauge",
			       "Descriptors that were open when the process started.",
			       METRICS_GREATEST},
	[PROCESS_UPTIME] = {"fdtrail_process_uptime_seconds", "gauge",
			    "Time that the tracer has been in the process.", METRICS_GREATEST},
	[PROCESS_TIMESTAMP] = {"fdtrail_snapshot_timestamp_seconds", "gauge",
			       "When the snapshot was taken, in seconds since 1970.",
			       METRICS_GREATEST},
	[PROCESS_COMPLETE] = {"fdtrail_snapshot_complete", "gauge",
			      "1 when the snapshot was read whole, 0 when it was cut.",
			      METRICS_LEAST},
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

/* Adds what a stack has opened and closed, and its peak. */
static int add_figures(struct metric_family *figures, const struct model_snapshot *snapshot,
		       const struct model_group *group, const char *id, const char *function)
{
	const struct metric_label labels[] = {
		{"program", program_of(snapshot)},
		{"stack", id},
		{"function", function},
		{0},
	};
	int error = 0;

	if (group->opened >= 0)
		error = metrics_add(&figures[STACK_OPENED], labels, (double)group->opened);
	if (error == 0 && group->closed >= 0)
		error = metrics_add(&figures[STACK_CLOSED], labels, (double)group->closed);
	if (error == 0 && group->peak >= 0)
		error = metrics_add(&figures[STACK_PEAK], labels, (double)group->peak);
	return error;
}

/* Writes a stack's id, or an empty one if there is no stack, and returns its function. name: buffer
 * for it. */
static const char *name_stack(const struct model_group *group, char id[STACK_ID_SIZE],
			      char name[LINE_NAME_SIZE])
{
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);
	const char *function = top_function(group_stack(group), name);

	id[0] = '\0';
	if (opened && opened->frame_count)
		stack_id(opened, id);
	return function ? function : group_marker(group);
}

static int add_peak(struct metric_family *figures, const struct model_snapshot *snapshot,
		    const struct model_peak *peak)
{
	char id[STACK_ID_SIZE], name[LINE_NAME_SIZE];
	const char *function = name_stack(&peak->of, id, name);

	return add_figures(figures, snapshot, &peak->of, id, function);
}

static int add_group(struct metric_family *to, struct metric_family *figures,
		     const struct model_snapshot *snapshot, const struct model_group *group)
{
	char id[STACK_ID_SIZE], name[LINE_NAME_SIZE];
	const char *function = name_stack(group, id, name);
	struct tally_row rows[TALLY_ROWS];
	size_t count = tally_group(group, rows);
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++) {
		const struct metric_label labels[] = {
			{"program", program_of(snapshot)},
			{"kind", rows[i].kind < KIND_COUNT ? kind_name(rows[i].kind) : ""},
			{"state", rows[i].state ? rows[i].state : ""},
			{"stack", id},
			{"function", function},
			{0},
		};

		error = metrics_add(&to[OPEN_DESCRIPTORS], labels, (double)rows[i].count);
		if (error == 0 && rows[i].aged)
			error = metrics_add(&to[OLDEST_AGE], labels, rows[i].oldest);
	}
	if (error == 0)
		error = add_figures(figures, snapshot, group, id, function);
	return error;
}

static int add_process(struct metric_family *to, const struct model_snapshot *snapshot)
{
	int64_t time = snapshot_time_ms(snapshot->when);
	char pid[24] = "";
	const struct {
		enum family family;
		bool known;
		double value;
	} figures[] = {
		{PROCESS_OPEN, snapshot->open >= 0, (double)snapshot->open},
		{PROCESS_PEAK, snapshot->peak_all >= 0, (double)snapshot->peak_all},
		{PROCESS_LIMIT, snapshot->limit >= 0,
		 snapshot->limit == INT64_MAX ? INFINITY : (double)snapshot->limit},
		{PROCESS_UNCLOSED, snapshot->unclosed >= 0, (double)snapshot->unclosed},
		{PROCESS_INHERITED, snapshot->inherited >= 0, (double)snapshot->inherited},
		{PROCESS_UPTIME, snapshot->uptime >= 0, snapshot->uptime},
		{PROCESS_TIMESTAMP, time > 0, (double)time / 1000},
		{PROCESS_COMPLETE, true, snapshot->whole},
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

static int add_snapshot(struct metric_family *to, const struct model_snapshot *snapshot)
{
	/* Groups of different kinds may share a stack, and each has its totals: they are merged,
	 * not added. */
	struct metric_family figures[FAMILIES] = {
		[STACK_OPENED] = {.merge = METRICS_GREATEST},
		[STACK_CLOSED] = {.merge = METRICS_GREATEST},
		[STACK_PEAK] = {.merge = METRICS_GREATEST},
	};
	int error = add_process(to, snapshot);

	for (size_t i = 0; i < snapshot->group_count && error == 0; i++)
		if (!snapshot->groups[i].suppressed)
			error = add_group(to, figures, snapshot, &snapshot->groups[i]);
	for (size_t i = 0; i < snapshot->peak_count && error == 0; i++)
		if (!snapshot->peaks[i].of.suppressed)
			error = add_peak(figures, snapshot, &snapshot->peaks[i]);
	for (enum family family = STACK_OPENED; family <= STACK_PEAK; family++) {
		if (error == 0)
			error = metrics_take(&to[family], &figures[family]);
		metrics_finish(&figures[family]);
	}
	return error;
}

int prometheus_write(const struct model_snapshot *const *snapshots, size_t count,
		     const struct export_options *options, FILE *file)
{
	struct metric_family all[FAMILIES];
	size_t newest;
	const struct model_snapshot **kept = format_newest(snapshots, count, &newest);
	int error = kept ? 0 : -ENOMEM;

	for (size_t i = 0; i < FAMILIES; i++)
		all[i] = (struct metric_family){
			.name = families[i].name,
			.type = families[i].type,
			.help = families[i].help,
			.merge = families[i].merge,
		};
	for (size_t i = 0; i < newest && error == 0; i++)
		error = add_snapshot(all, kept[i]);
	for (size_t i = 0; i < FAMILIES; i++) {
		if (error == 0)
			metrics_write(&all[i], file);
		metrics_finish(&all[i]);
	}
	free(kept);
	return error;
}
