// SPDX-License-Identifier: MIT
/*
 * fdtrail check: compares the newest snapshot of each process in a file, or a running process, with
 * limits, and shows the groups that break one. Made for CI.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/arguments/check_arguments.h"
#include "tools/ci/ci_format.h"
#include "tools/export/output.h"
#include "tools/model/model_memory.h"
#include "tools/reader/reader.h"
#include "tools/process/obtain.h"
#include "tools/process/proc_facts.h"
#include "tools/process/subject.h"
#include "tools/report/findings.h"
#include "tools/report/page.h"
#include "tools/report/progress.h"
#include "tools/report/report.h"
#include "tools/run/own_script.h"
#include "tools/symbolize/symbolize.h"
#include "tools/arguments/verb.h"

static const char verb[] = "check", prefix[] = "fdtrail check: ";

/* A process to check. */
struct target {
	struct model_snapshot *first, *last; /* first: for --max-growth, or NULL */
};

struct check {
	struct check_arguments asked;
	bool partial; /* part of a process could not be read; a message said so */
	struct list targets;
	struct progress progress;
	struct symbolizer *symbolizer;
	enum limits_verdict verdict;
	struct list results; /* of struct ci_process, for a format that is not text */
};

/* Keeps the newest snapshot of each process, and the first one too if keep_first. Takes ownership
 * of snapshot. */
static void take(struct list *targets, struct model_snapshot *snapshot, bool keep_first)
{
	struct target *target = targets->items;

	for (size_t i = 0; i < targets->count; i++, target++) {
		if (!model_same_process(target->last, snapshot))
			continue;
		if (keep_first && !target->first)
			target->first = target->last;
		else
			model_destroy(target->last);
		target->last = snapshot;
		return;
	}
	target = list_add(targets, sizeof(*target));
	target->last = snapshot;
}

static void forget(struct list *targets)
{
	struct target *target = targets->items;

	for (size_t i = 0; i < targets->count; i++) {
		model_destroy(target[i].first);
		model_destroy(target[i].last);
	}
	list_finish(targets);
}

/* Reads the snapshots of a file. An empty file is an error if empty is NULL; else it is counted in
 * *empty. Returns false after a message. */
static bool read_file(const char *path, struct list *targets, bool keep_first, size_t *empty)
{
	struct reader *reader = reader_open(path, verb);
	struct model_snapshot *snapshot;

	if (!reader)
		return false;
	while ((snapshot = reader_next(reader)) != NULL)
		take(targets, snapshot, keep_first);
	if (empty && reader_close_if_empty(reader)) {
		++*empty;
		return true;
	}
	return reader_close(reader);
}

/* Among several files empty ones are skipped: a process that had nothing open leaves an empty
 * file. */
static bool read_files(struct check *check)
{
	bool growth = check->asked.limits.limits.growth >= 0, several = check->asked.file_count > 1;
	size_t empty = 0;

	for (size_t i = 0; i < check->asked.file_count; i++)
		if (!read_file(check->asked.files[i], &check->targets, growth,
			       several ? &empty : NULL))
			return false;
	if (empty < check->asked.file_count)
		return true;
	fprintf(stderr, "%sall %zu files are empty\n", prefix, empty);
	return false;
}

static bool read_process(int pid, void *data)
{
	struct check *check = data;
	struct list *targets = &check->targets;
	size_t count = targets->count;
	char name[32];
	struct obtained obtained;
	struct reader *reader;
	struct model_snapshot *snapshot;

	if (obtain_snapshot(&obtained, pid, verb) < 0)
		return false;
	obtained_say_number(pid, verb);
	snprintf(name, sizeof(name), "process %d", pid);
	reader = reader_create(obtained.text, name);
	while ((snapshot = reader_next(reader)) != NULL) {
		snapshot->source = obstack_copy0(&snapshot->memory, name, strlen(name));
		snapshot->pid = pid;
		take(targets, snapshot, false);
	}
	reader_destroy(reader);
	fclose(obtained.text);
	check->partial |= obtained.partial;
	if (targets->count == count)
		fprintf(stderr, "%sthere is no snapshot of %s\n", prefix, name);
	return targets->count > count;
}

/* Takes snapshots of the processes of --pid. *all becomes false if one of them failed. Returns
 * false, after a message, if there is no snapshot at all. */
static bool read_processes(struct check *check, bool *all)
{
	struct subject *subjects = check->asked.subjects.items;

	for (size_t i = 0; i < check->asked.subjects.count; i++) {
		struct subject *subject = &subjects[i];
		bool good = subject_find(&subject->pid, verb) == 0 &&
			    subject_each(subject->pid, check->asked.children, verb, read_process,
					 check);

		*all &= good;
		if (!check->asked.children && good)
			subject->left_out =
				subject_left_out(subject->pid, ", not checked (see --children)");
	}
	return *all || check->targets.count;
}

/* The note on children of the snapshot's process that are not checked, or NULL. */
static const char *left_out_of(const struct check *check, const struct model_snapshot *snapshot)
{
	const struct subject *subjects = check->asked.subjects.items;

	for (size_t i = 0; i < check->asked.subjects.count; i++)
		if (subjects[i].pid == snapshot->pid)
			return subjects[i].left_out;
	return NULL;
}

/* The earlier snapshot to compare with: the last one of the same process in --old, else the last
 * one of the same program there, else the process' first snapshot in the files, else NULL. */
static struct model_snapshot *before(const struct target *target, const struct list *old)
{
	struct target *found = old->items;

	for (size_t i = old->count; i > 0; i--)
		if (model_same_process(found[i - 1].last, target->last))
			return found[i - 1].last;
	for (size_t i = old->count; i > 0; i--)
		if (model_same_program(found[i - 1].last, target->last))
			return found[i - 1].last;
	return target->first;
}

/* Looks up functions and lines. If that fails, the names in the snapshot's text stay. */
static void symbolize(struct check *check, struct model_snapshot *snapshot)
{
	char root[PROC_PATH_SIZE];
	int error;

	progress_begin(&check->progress, "fdtrail check");
	if (!check->symbolizer)
		check->symbolizer = symbolizer_create(&(struct symbolize_options){
			.debug_dirs = check->asked.view.debug_dirs,
			.progress = progress_step,
			.data = &check->progress,
		});
	if (check->asked.subjects.count)
		symbolizer_set_root(check->symbolizer, proc_other_root((int)snapshot->pid, root));
	error = check->symbolizer ? symbolize_snapshot(check->symbolizer, snapshot) : -ENOMEM;
	if (error)
		fprintf(stderr, "%scan't look up functions and lines: %s\n", prefix,
			strerror(-error));
}

/* Shows the groups, peaks and misuses that break a limit, as a report does. */
static void show_broken(const struct check *check, const struct model_snapshot *snapshot)
{
	struct report_options options = view_for(&check->asked.view, stdout);
	struct model_snapshot shown = *snapshot;

	shown.groups = memory_array(NULL, snapshot->group_count, sizeof(*shown.groups));
	shown.group_count = 0;
	for (size_t i = 0; i < snapshot->group_count; i++)
		if (snapshot->groups[i].broken)
			shown.groups[shown.group_count++] = snapshot->groups[i];
	shown.peaks = memory_array(NULL, snapshot->peak_count, sizeof(*shown.peaks));
	shown.peak_count = 0;
	shown.unlisted_stacks = 0;
	for (size_t i = 0; i < snapshot->peak_count; i++)
		if (snapshot->peaks[i].of.broken)
			shown.peaks[shown.peak_count++] = snapshot->peaks[i];
	shown.misuses = memory_array(NULL, snapshot->misuse_count, sizeof(*shown.misuses));
	shown.misuse_count = 0;
	for (size_t i = 0; i < snapshot->misuse_count; i++)
		if (snapshot->misuses[i].of.broken)
			shown.misuses[shown.misuse_count++] = snapshot->misuses[i];
	if (shown.group_count || shown.misuse_count)
		report_groups(stdout, &shown, &options);
	else
		report_peaks(stdout, &shown, &options);
	free(shown.groups);
	free(shown.peaks);
	free(shown.misuses);
}

/* Whether the verdict depends on names, because one line of source may be several groups. Sums
 * don't need them, and reading debug information may take a while. */
static bool needs_names(const struct check *check)
{
	const struct limits *limits = &check->asked.limits.limits;

	return suppressions_any(check->asked.suppressions.suppressions) || limits->group >= 0 ||
	       limits->growth >= 0 || limits->age >= 0;
}

static bool is_text(const struct check *check)
{
	return !check->asked.format->write;
}

/* Keeps the result of a process for the end, with lines on its limits, which are copied. snapshot:
 * NULL, or it lives as long as the targets. */
static void keep_result(struct check *check, struct model_snapshot *snapshot,
			enum limits_verdict verdict, const char *lines)
{
	*(struct ci_process *)list_add(&check->results, sizeof(struct ci_process)) =
		(struct ci_process){snapshot, true, verdict, strdup(lines)};
}

/* Writes the results in the format that was asked for. */
static void write_results(struct check *check)
{
	struct ci_process *results = check->results.items;

	if (!is_text(check))
		check->asked.format->write(results, check->results.count, stdout);
	for (size_t i = 0; i < check->results.count; i++)
		free(results[i].lines);
	list_finish(&check->results);
}

/* Checks a process for a format that is not text. */
static void check_result(struct check *check, struct model_snapshot *snapshot,
			 struct model_snapshot *earlier)
{
	char *lines = NULL;
	size_t size;
	FILE *out = open_memstream(&lines, &size);

	if (!out) {
		check->verdict = check->verdict == LIMITS_BROKEN ? LIMITS_BROKEN : LIMITS_UNKNOWN;
		return;
	}
	enum limits_verdict verdict =
		limits_check(&check->asked.limits.limits, snapshot, earlier, out);
	const char *left_out = left_out_of(check, snapshot);
	if (left_out)
		fprintf(out, "it has %s\n", left_out);
	fclose(out);
	check->verdict = verdict > check->verdict ? verdict : check->verdict;
	keep_result(check, snapshot, verdict, lines);
	free(lines);
}

static void check_target(struct check *check, const struct target *target, const struct list *old)
{
	struct model_snapshot *snapshot = target->last, *earlier = before(target, old);
	enum limits_verdict verdict;
	bool named = needs_names(check) || !is_text(check);

	own_script_leave_out(snapshot);
	if (named) {
		symbolize(check, snapshot);
		if (earlier)
			symbolize(check, earlier);
		suppressions_apply(check->asked.suppressions.suppressions, snapshot);
		findings_merge(snapshot);
	}
	if (!is_text(check)) {
		check_result(check, snapshot, earlier);
		return;
	}
	verdict = limits_check(&check->asked.limits.limits, snapshot, earlier, stdout);
	if (verdict > check->verdict)
		check->verdict = verdict;
	if (verdict == LIMITS_KEPT) {
		char *process = page_process(snapshot);
		const char *left_out = left_out_of(check, snapshot);

		printf("%s: all limits are kept%s%s%s\n", process,
		       check->partial && !left_out
			       ? ", but only part of the process could be checked"
			       : "",
		       left_out ? " by this process alone; it has " : "", left_out ? left_out : "");
		free(process);
		return;
	}
	if (!named && verdict == LIMITS_BROKEN) {
		symbolize(check, snapshot);
		findings_merge(snapshot);
	}
	show_broken(check, snapshot);
	if (!check->asked.suppressions.generate)
		return;
	puts("\nsuppressions for these:");
	for (size_t i = 0; i < model_stacked_count(snapshot); i++)
		if (model_stacked(snapshot, i)->broken)
			suppressions_generate(model_stacked(snapshot, i), stdout);
}

static int check_all(struct check *check)
{
	static const int statuses[] = {
		[LIMITS_KEPT] = EXIT_CLEAN,
		[LIMITS_UNKNOWN] = EXIT_TROUBLE,
		[LIMITS_BROKEN] = EXIT_BROKEN,
	};
	struct subject *subjects = check->asked.subjects.items;
	struct list old = {0};
	const struct target *targets;
	int status = EXIT_TROUBLE;
	bool all = true;

	if (check->asked.old && !read_file(check->asked.old, &old, false, NULL))
		goto out;
	if (check->asked.subjects.count ? !read_processes(check, &all) : !read_files(check))
		goto out;
	targets = check->targets.items;
	for (size_t i = 0; i < check->targets.count; i++)
		check_target(check, &targets[i], &old);
	for (size_t i = 0; i < check->asked.subjects.count; i++)
		if (is_text(check) && subjects[i].left_out && check->verdict != LIMITS_KEPT)
			printf("process %d has %s\n", subjects[i].pid, subjects[i].left_out);
	if ((!all || check->partial) && check->verdict == LIMITS_KEPT)
		check->verdict = LIMITS_UNKNOWN;
	if (!all || check->partial)
		keep_result(check, NULL, LIMITS_UNKNOWN,
			    "not all of the processes could be checked: see stderr\n");
	write_results(check);
	if (check->asked.suppressions.print)
		suppressions_print(check->asked.suppressions.suppressions, stdout);
	status = statuses[check->verdict];
	if (fflush(stdout) != 0) {
		fprintf(stderr, "%scan't write: %s\n", prefix, strerror(errno));
		status = EXIT_TROUBLE;
	}
out:
	forget(&old);
	forget(&check->targets);
	return status;
}

int cmd_check(int argc, char **argv)
{
	struct check check = {0};
	int status;

	check_arguments_parse(&check.asked, argc, argv);
	output_stdout();
	status = check_all(&check);
	symbolizer_destroy(check.symbolizer);
	check_arguments_finish(&check.asked);
	return status;
}
