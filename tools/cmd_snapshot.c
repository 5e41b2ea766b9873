// SPDX-License-Identifier: MIT
/*
 * fdtrail snapshot: shows what a running process has open now. A traced process takes the snapshot
 * itself, with stacks; any other is inspected from outside (tools/process/obtain.h). --count takes
 * several, and shows what grew between them.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/arguments/format_option.h"
#include "tools/diff/history.h"
#include "tools/export/output.h"
#include "tools/model/model_memory.h"
#include "tools/reader/reader.h"
#include "tools/process/obtain.h"
#include "tools/process/proc_facts.h"
#include "tools/process/series.h"
#include "tools/process/subject.h"
#include "tools/report/filter.h"
#include "tools/report/findings.h"
#include "tools/report/progress.h"
#include "tools/report/report.h"
#include "tools/run/own_script.h"
#include "tools/arguments/snapshot_arguments.h"
#include "tools/symbolize/symbolize.h"
#include "tools/arguments/verb.h"

static const char verb[] = "snapshot";

struct snapshots {
	const struct snapshot_arguments *asked;
	FILE *file;
	struct symbolizer *symbolizer;
	struct progress progress;
	struct list last;             /* of struct model_snapshot *: one a process */
	struct model_snapshot **kept; /* for a format that needs them all */
	size_t kept_count;
	size_t taken;
	int64_t unjudged; /* descriptors that the filter could not judge */
	int error;        /* of reading or writing: a negative errno */
};

static int copy_text(FILE *from, FILE *to)
{
	char piece[65536];
	size_t got;

	while ((got = fread(piece, 1, sizeof(piece), from)) > 0)
		if (fwrite(piece, 1, got, to) != got)
			return 0; /* output_commit() reports the error */
	return ferror(from) ? -EIO : 0;
}

/* Returns the place of the last snapshot of the same process; *it is NULL if there is none yet. */
static struct model_snapshot **last_of(struct snapshots *snapshots,
				       const struct model_snapshot *snapshot)
{
	struct model_snapshot **last = snapshots->last.items;

	for (size_t i = 0; i < snapshots->last.count; i++)
		if (model_same_process(last[i], snapshot))
			return &last[i];
	return list_add(&snapshots->last, sizeof(*last));
}

static bool is_several(const struct snapshot_arguments *asked)
{
	return asked->children || asked->pids.count > 1;
}

/* Writes a report of a process' first snapshot, and what grew for each later one. Takes ownership
 * of snapshot. */
static int put_text(struct snapshots *snapshots, struct model_snapshot *snapshot)
{
	struct report_options options = view_for(&snapshots->asked->view, snapshots->file);
	bool another = snapshots->last.count;
	struct model_snapshot **last = last_of(snapshots, snapshot);
	bool first = !*last;

	if (first && another)
		fputc('\n', snapshots->file);
	options.filtered = snapshots->asked->filter.kinds != KIND_ALL;
	own_script_leave_out(snapshot);
	int error = symbolize_snapshot(snapshots->symbolizer, snapshot);
	suppressions_apply(snapshots->asked->suppressions.suppressions, snapshot);
	findings_merge(snapshot);
	if (first)
		report_text(snapshots->file, snapshot, &options);
	else
		series_text(snapshots->file, *last, snapshot, is_several(snapshots->asked),
			    &options);
	if (snapshots->asked->suppressions.generate)
		suppressions_generate_all(snapshot, snapshots->file);
	fflush(snapshots->file);
	model_destroy(*last);
	*last = snapshot;
	return error == -ENOMEM ? error : 0;
}

/* Filters a snapshot, and writes it or keeps it. Takes ownership of it. */
static int put(struct snapshots *snapshots, struct model_snapshot *snapshot)
{
	const struct format *format = snapshots->asked->format;
	const struct model_snapshot *const one = snapshot;
	int error = 0;

	snapshots->unjudged =
		model_add(snapshots->unjudged, filter_apply(&snapshots->asked->filter, snapshot));
	if (!format)
		return put_text(snapshots, snapshot);
	if (format->findings)
		own_script_leave_out(snapshot);
	error = symbolize_snapshot(snapshots->symbolizer, snapshot);
	suppressions_apply(snapshots->asked->suppressions.suppressions, snapshot);
	if (format->findings)
		findings_merge(snapshot);
	else
		findings_number(snapshot);
	if (error == -ENOMEM || format->streams) {
		if (error != -ENOMEM)
			error = format->write(&one, 1, &snapshots->asked->options, snapshots->file);
		model_destroy(snapshot);
		return error;
	}
	struct model_snapshot **grown =
		reallocarray(snapshots->kept, snapshots->kept_count + 1, sizeof(*snapshots->kept));
	if (!grown) {
		model_destroy(snapshot);
		return -ENOMEM;
	}
	snapshots->kept = grown;
	snapshots->kept[snapshots->kept_count++] = snapshot;
	return 0;
}

/* Takes a snapshot of a process and writes it. Returns false after a message if there is none. */
static bool take(int pid, void *data)
{
	struct snapshots *snapshots = data;
	const struct snapshot_arguments *asked = snapshots->asked;
	struct obtained obtained;
	char root[PROC_PATH_SIZE];
	int error;

	if (snapshots->error)
		return true;
	error = asked->outside ? obtain_outside(&obtained, pid, verb)
			       : obtain_snapshot(&obtained, pid, verb);
	if (error)
		return false;
	if (!asked->outside)
		obtained_say_number(pid, verb);
	if (asked->raw) {
		error = copy_text(obtained.text, snapshots->file);
	} else {
		struct reader *reader = reader_create(obtained.text, "snapshot");
		struct model_snapshot *snapshot = reader ? reader_next(reader) : NULL;

		if (snapshot)
			snapshot->pid = pid;
		symbolizer_set_root(snapshots->symbolizer, proc_other_root(pid, root));
		error = snapshot ? put(snapshots, snapshot) : reader ? -EIO : -ENOMEM;
		reader_destroy(reader);
	}
	fclose(obtained.text);
	snapshots->taken++;
	snapshots->error = error;
	return true;
}

static void pause_for(double interval)
{
	struct timespec time = {
		.tv_sec = (time_t)interval,
		.tv_nsec = (long)((interval - (double)(time_t)interval) * 1e9),
	};

	while (nanosleep(&time, &time) != 0 && errno == EINTR)
		;
}

/* Writes all snapshots in a format that needed them all. */
static int write_kept(struct snapshots *snapshots)
{
	const struct format *format = snapshots->asked->format;
	struct export_options options = snapshots->asked->options;
	int error = format->series ? history_fill(snapshots->kept, snapshots->kept_count) : 0;

	options.filtered = snapshots->asked->filter.kinds != KIND_ALL;
	return error ? error
		     : format->write((const struct model_snapshot *const *)snapshots->kept,
				     snapshots->kept_count, &options, snapshots->file);
}

/* Takes all snapshots that were asked for. Returns false, after a message, if a process could not
 * be read. */
static bool take_all(struct snapshots *snapshots)
{
	const struct snapshot_arguments *asked = snapshots->asked;
	const int *pids = asked->pids.items;
	bool good = true;

	for (int64_t i = 0; i < asked->count && !snapshots->error && good; i++) {
		if (i)
			pause_for(asked->interval);
		for (size_t j = 0; j < asked->pids.count && !snapshots->error; j++)
			good &= subject_each(pids[j], asked->children, verb, take, snapshots);
	}
	if (!snapshots->error && snapshots->kept_count && (good || is_several(asked)))
		snapshots->error = write_kept(snapshots);
	return good;
}

/* Without this line a master process whose workers leak would look fine. */
static void say_left_out(const struct snapshot_arguments *asked)
{
	const int *pids = asked->pids.items;

	for (size_t i = 0; i < asked->pids.count && !asked->children; i++) {
		char *children = subject_left_out(pids[i], ", not shown (see --children)");

		if (children)
			fprintf(stderr, "fdtrail snapshot: process %d has %s\n", pids[i], children);
		free(children);
	}
}

static int run(const struct snapshot_arguments *asked)
{
	const char *reason, *path = asked->path ? asked->path : "standard output";
	struct snapshots snapshots = {.asked = asked};
	struct symbolize_options options = {
		.debug_dirs = asked->view.debug_dirs,
		.progress = progress_step,
		.data = &snapshots.progress,
	};
	bool good = true;

	struct output *output =
		output_begin(asked->path, asked->format ? asked->format->mode : 0600, &reason);
	if (!output) {
		fprintf(stderr, "fdtrail snapshot: can't write %s: %s\n", path, reason);
		return EXIT_TROUBLE;
	}
	snapshots.file = output_file(output);
	progress_begin(&snapshots.progress, "fdtrail snapshot");
	snapshots.symbolizer = symbolizer_create(&options);
	if (snapshots.symbolizer)
		good = take_all(&snapshots);
	else
		snapshots.error = -ENOMEM;
	if (asked->suppressions.print)
		suppressions_print(asked->suppressions.suppressions, snapshots.file);
	/* If there are several processes, those that could be read are shown. */
	if (snapshots.error || (!good && !(is_several(asked) && snapshots.taken)))
		output_discard(output);
	else
		snapshots.error = output_commit(output);
	if (snapshots.error)
		fprintf(stderr, "fdtrail snapshot: can't write %s: %s\n", path,
			strerror(-snapshots.error));
	else if (good)
		say_left_out(asked);
	if (snapshots.unjudged)
		filter_say_unjudged(snapshots.unjudged, "fdtrail snapshot: ", stderr);
	symbolizer_destroy(snapshots.symbolizer);
	struct model_snapshot **last = snapshots.last.items;
	for (size_t i = 0; i < snapshots.last.count; i++)
		model_destroy(last[i]);
	list_finish(&snapshots.last);
	for (size_t i = 0; i < snapshots.kept_count; i++)
		model_destroy(snapshots.kept[i]);
	free(snapshots.kept);
	return snapshots.error || !good ? EXIT_TROUBLE : EXIT_CLEAN;
}

/* Removes processes that can't be read from the list. Returns false, after a message for each, if
 * there are any. */
static bool find_subjects(struct list *list)
{
	int *pids = list->items;
	size_t kept = 0, count = list->count;

	for (size_t i = 0; i < count; i++)
		if (subject_find(&pids[i], verb) == 0)
			pids[kept++] = pids[i];
	list->count = kept;
	return kept == count;
}

int cmd_snapshot(int argc, char **argv)
{
	struct snapshot_arguments asked;

	snapshot_arguments_parse(&asked, argc, argv);
	format_option_check_output("snapshot", asked.format, asked.path);
	bool found = find_subjects(&asked.pids);
	int status = asked.pids.count ? run(&asked) : EXIT_TROUBLE;
	snapshot_arguments_finish(&asked);
	return found ? status : EXIT_TROUBLE;
}
