// SPDX-License-Identifier: MIT
/* See exporter.h. */
#include "exporter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/monotonic.h"
#include "preload/core/snapshot/kind.h"
#include "tools/export/prometheus.h"
#include "tools/process/family.h"

enum {
	PROCESSES_MOST = 100, /* with series of their own */
	PROGRAMS_MOST = 100,  /* with tallies of their own */
};

/* The events of a program's processes since the first look. */
struct program_tally {
	char *program;
	int64_t ends, starts, failures;
};

static const char other_programs[] = "[other]";

static struct program_tally *find_tally(const struct exporter *exporter, const char *program)
{
	struct program_tally *tallies = exporter->tallies.items;

	for (size_t i = 0; i < exporter->tallies.count; i++)
		if (strcmp(tallies[i].program, program) == 0)
			return &tallies[i];
	return NULL;
}

/* The tally of a program; the last one that there may be is that of all others. */
static struct program_tally *tally_of(struct exporter *exporter, const char *program)
{
	struct program_tally *tally = find_tally(exporter, program);

	if (!tally && exporter->tallies.count >= PROGRAMS_MOST) {
		program = other_programs;
		tally = find_tally(exporter, program);
	}
	if (tally)
		return tally;
	tally = list_add(&exporter->tallies, sizeof(*tally));
	tally->program = memory_array(NULL, strlen(program) + 1, 1);
	strcpy(tally->program, program);
	return tally;
}

/* The name of the program: from its last snapshot, else from /proc, else empty. */
static const char *program_of(const struct top_process *process)
{
	const struct model_snapshot *snapshot = process->rows.snapshot;

	return snapshot && snapshot->program ? snapshot->program : process->process.name;
}

static void notify(const struct top_process *process, enum top_event event, void *data)
{
	struct program_tally *tally = tally_of(data, program_of(process));

	if (event == TOP_END)
		tally->ends++;
	if (event == TOP_RESTARTED || event == TOP_EXECUTED)
		tally->starts++;
}

void exporter_begin(struct exporter *exporter, const struct exporter_arguments *asked,
		    struct symbolizer *symbolizer)
{
	*exporter = (struct exporter){
		.asked = asked,
		.watch =
			{
				.verb = "export",
				.outside = asked->outside,
				.children = asked->children,
				.filter = asked->filter,
				.symbolizer = symbolizer,
				.notify = notify,
				.data = exporter,
			},
	};
	for (size_t i = 0; i < asked->names.count; i++)
		list_add(&exporter->named, sizeof(int));
}

void exporter_finish(struct exporter *exporter)
{
	struct program_tally *tallies = exporter->tallies.items;

	for (size_t i = 0; i < exporter->tallies.count; i++)
		free(tallies[i].program);
	list_finish(&exporter->tallies);
	list_finish(&exporter->named);
	top_watch_finish(&exporter->watch);
	free(exporter->text);
}

/* Adds the processes that have come under one of the names. Returns false after a message if they
 * can't be listed. */
static bool find_named(struct exporter *exporter)
{
	const char *const *names = exporter->asked->names.items;
	int *counts = exporter->named.items;
	bool good = true;

	for (size_t i = 0; i < exporter->asked->names.count; i++) {
		struct list found = {0};
		int error = family_named(names[i], &found);
		const int *pids = found.items;

		counts[i] = error ? error : (int)found.count;
		tally_of(exporter, names[i]);
		if (error) {
			fprintf(stderr, "fdtrail export: can't list processes: %s\n",
				strerror(-error));
			good = false;
		}
		for (size_t j = 0; j < found.count; j++)
			if (top_watch_add_passing(&exporter->watch, pids[j]) && exporter->looks)
				tally_of(exporter, names[i])->starts++;
		list_finish(&found);
	}
	return good;
}

/* Whether the last look could read the descriptors of a process. */
static bool is_up(const struct top_process *process)
{
	return process->state == TOP_LIVES && process->rows.snapshot &&
	       !process->rows.snapshot->unread;
}

/* Counts the failures of the last look. Each program gets its tally at once, because a counter that
 * begins above 0 has no increase. */
static void count_failures(struct exporter *exporter)
{
	const struct top_process *processes = exporter->watch.processes.items;

	for (size_t i = 0; i < exporter->watch.processes.count; i++) {
		struct program_tally *tally = tally_of(exporter, program_of(&processes[i]));

		if (processes[i].state == TOP_ENDED || is_up(&processes[i]))
			continue;
		tally->failures++;
		/* Its snapshot may say that the descriptors can't be read. */
		if (processes[i].state == TOP_LIVES)
			exporter->complete = false;
	}
}

/* Adds the descriptors of all processes. */
static int add_snapshots(const struct exporter *exporter, struct metric_family *to)
{
	const struct top_process *processes = exporter->watch.processes.items;
	const struct prometheus_bounds bounds = {exporter->asked->stacks, PROCESSES_MOST};
	struct list snapshots = {0};

	for (size_t i = 0; i < exporter->watch.processes.count; i++)
		if (processes[i].state == TOP_LIVES && processes[i].rows.snapshot)
			*(const struct model_snapshot **)list_add(&snapshots,
								  sizeof(struct model_snapshot *)) =
				processes[i].rows.snapshot;
	int error = prometheus_add(to, snapshots.items, snapshots.count, &bounds);
	list_finish(&snapshots);
	return error;
}

/* Adds what is known of a process besides its descriptors. */
static int add_process(struct metric_family *to, const struct top_process *process)
{
	char pid[24];
	const struct {
		enum metric_name family;
		bool known;
		double value;
	} facts[] = {
		{METRIC_PROCESS_UP, process->state != TOP_ENDED, is_up(process)},
		{METRIC_PROCESS_ENDED, !process->passes, process->state == TOP_ENDED},
		{METRIC_PROCESS_TRACED, is_up(process), process->traced},
	};
	int error = 0;

	snprintf(pid, sizeof(pid), "%d", process->pid);
	const struct metric_label labels[] = {
		{"program", program_of(process)},
		{"pid", pid},
		{0},
	};
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts) && error == 0; i++)
		if (facts[i].known)
			error = metrics_add(&to[facts[i].family], labels, facts[i].value);
	return error;
}

/* Adds how the groups of a process have grown since the first look at it. */
static int add_growth(struct metric_family *to, const struct top_process *process)
{
	int error = 0;

	for (size_t i = 0; i < process->rows.count && error == 0; i++) {
		const struct top_row *row = &process->rows.rows[i];
		enum kind kind = diff_group(row->entry)->kind;
		int64_t change = top_row_change(row);
		const struct metric_label labels[] = {
			{"program", program_of(process)},
			{"kind", kind < KIND_COUNT ? kind_name(kind) : ""},
			{0},
		};

		error = metrics_add(&to[METRIC_GROWTH], labels, change > 0 ? (double)change : 0);
		if (error == 0)
			error = metrics_add(&to[METRIC_GROWN_GROUPS], labels, change > 0);
	}
	return error;
}

static int add_processes(const struct exporter *exporter, struct metric_family *to)
{
	const struct top_process *processes = exporter->watch.processes.items;
	size_t count = exporter->watch.processes.count;
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++) {
		if (i < PROCESSES_MOST)
			error = add_process(to, &processes[i]);
		if (error == 0 && exporter->asked->serves && is_up(&processes[i]))
			error = add_growth(to, &processes[i]);
	}
	return error;
}

static int add_tallies(const struct exporter *exporter, struct metric_family *to)
{
	const struct program_tally *tallies = exporter->tallies.items;
	int error = 0;

	for (size_t i = 0; i < exporter->tallies.count && error == 0; i++) {
		const struct metric_label labels[] = {{"program", tallies[i].program}, {0}};

		error = metrics_add(&to[METRIC_ENDS], labels, (double)tallies[i].ends);
		if (error == 0)
			error = metrics_add(&to[METRIC_STARTS], labels, (double)tallies[i].starts);
		if (error == 0)
			error = metrics_add(&to[METRIC_LOOK_FAILURES], labels,
					    (double)tallies[i].failures);
	}
	return error;
}

/* Adds the facts about the look itself. */
static int add_look(const struct exporter *exporter, struct metric_family *to)
{
	const char *const *names = exporter->asked->names.items;
	const int *counts = exporter->named.items;
	size_t processes = exporter->watch.processes.count;
	const struct metric_label none[] = {{0}};
	const struct metric_label version[] = {{"version", FDTRAIL_VERSION}, {0}};
	int error = metrics_add(&to[METRIC_LOOK_COMPLETE], none, exporter->complete);

	if (error == 0)
		error = metrics_add(&to[METRIC_LOOK_DURATION], none,
				    (double)exporter->took_ms / 1000);
	if (error == 0)
		error = metrics_add(
			&to[METRIC_WITHOUT_SERIES], none,
			processes > PROCESSES_MOST ? (double)(processes - PROCESSES_MOST) : 0);
	if (error == 0)
		error = metrics_add(&to[METRIC_BUILD], version, 1);
	for (size_t i = 0; i < exporter->asked->names.count && error == 0; i++) {
		const struct metric_label labels[] = {{"name", names[i]}, {0}};

		if (counts[i] >= 0)
			error = metrics_add(&to[METRIC_NAMED_PROCESSES], labels, counts[i]);
	}
	return error;
}

static int write_text(struct exporter *exporter)
{
	struct metric_family families[METRIC_NAMES];
	FILE *file = open_memstream(&exporter->text, &exporter->size);
	int error = file ? 0 : -ENOMEM;

	metric_names_begin(families);
	if (error == 0)
		error = add_snapshots(exporter, families);
	if (error == 0)
		error = add_processes(exporter, families);
	/* One look has nothing to compare with. */
	if (error == 0 && exporter->asked->serves)
		error = add_tallies(exporter, families);
	if (error == 0)
		error = add_look(exporter, families);
	metric_names_end(families, error ? NULL : file);
	if (file && fclose(file) != 0)
		error = -ENOMEM;
	if (error) {
		free(exporter->text);
		exporter->text = NULL;
	}
	return error;
}

int exporter_look(struct exporter *exporter)
{
	int64_t began = monotonic_ms();
	bool found = find_named(exporter);

	exporter->complete = top_watch_look(&exporter->watch) && found;
	count_failures(exporter);
	exporter->looks++;
	exporter->looked_ms = monotonic_ms();
	exporter->took_ms = exporter->looked_ms - began;
	free(exporter->text);
	exporter->text = NULL;
	return write_text(exporter);
}

bool exporter_has_seen(const struct exporter *exporter)
{
	const struct top_process *processes = exporter->watch.processes.items;

	for (size_t i = 0; i < exporter->watch.processes.count; i++)
		if (processes[i].rows.snapshot)
			return true;
	return false;
}

const char *exporter_text(size_t *size, void *data)
{
	struct exporter *exporter = data;
	int64_t age = monotonic_ms() - exporter->looked_ms;
	struct kept_stderr kept;

	if (!exporter->text || (double)age >= exporter->asked->interval * 1000) {
		bool held = kept_stderr_hold(&kept);

		exporter_look(exporter);
		if (held) {
			kept_stderr_once(&kept, exporter->said);
			kept_stderr_release(&kept);
		}
	}
	*size = exporter->size;
	return exporter->text;
}
