// SPDX-License-Identifier: MIT
/*
 * fdtrail check: for CI. Holds the newest snapshot of each process in a file, or that of a running
 * process, against limits, and shows the groups that break one.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/arguments/accept.h"
#include "tools/arguments/parse.h"
#include "tools/arguments/view.h"
#include "tools/check/limits.h"
#include "tools/check/suppressions.h"
#include "tools/export/output.h"
#include "tools/model/escape.h"
#include "tools/model/model_memory.h"
#include "tools/reader/reader.h"
#include "tools/reader/scan.h"
#include "tools/process/obtain.h"
#include "tools/process/subject.h"
#include "tools/report/findings.h"
#include "tools/report/page.h"
#include "tools/report/progress.h"
#include "tools/report/report.h"
#include "tools/run/own_script.h"
#include "tools/symbolize/symbolize.h"
#include "tools/arguments/verb.h"

static const char verb[] = "check", prefix[] = "fdtrail check: ";
static const struct accept accept = {prefix, EXIT_TROUBLE};

/* A process of which there is at least one snapshot. */
struct target {
	struct model_snapshot *first, *last; /* first: NULL when there is only one, or no need */
};

/* A process that --pid names. */
struct subject {
	int pid;
	char *left_out; /* its children that are not looked at, in words; or NULL */
};

struct check {
	struct limit_options limits;
	struct suppression_options suppressions;
	struct list subjects; /* of struct subject: --pid */
	bool children;        /* of these, too */
	bool partial;         /* a process was not looked at as a whole, which a line has said */
	const char *old;      /* the file that --max-growth compares with, or NULL */
	char **files;
	size_t file_count;
	struct view view;
	struct list targets;
	struct progress progress;
	struct symbolizer *symbolizer;
	enum limits_verdict verdict;
};

static void wrong_use(const char *words)
{
	fprintf(stderr, "%s%s\n", prefix, words);
	exit(EXIT_TROUBLE);
}

enum { KEY_PID = 0x1000, KEY_OLD, KEY_CHILDREN, KEY_KINDS };

/* Which of the files is the older one, where --old does not name it: with --pid the only one; for
 * --max-growth the first of two. */
static void take_old(struct check *check)
{
	bool growth = check->limits.limits.growth >= 0;

	if (check->old)
		return;
	if (check->subjects.count ? check->file_count == 1 : growth && check->file_count == 2) {
		check->old = *check->files++;
		check->file_count--;
	} else if (growth && check->file_count > 2) {
		wrong_use("--max-growth with several files: --old=FILE names the older snapshot");
	}
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct check *check = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &check->limits;
		state->child_inputs[1] = &check->suppressions;
		state->child_inputs[2] = &check->view;
		return 0;
	case KEY_PID:
		((struct subject *)list_add(&check->subjects, sizeof(struct subject)))->pid =
			accept_pid(&accept, "--pid=", argument);
		return 0;
	case KEY_OLD:
		check->old = argument;
		return 0;
	case KEY_CHILDREN:
		check->children = true;
		return 0;
	case KEY_KINDS:
		check->limits.limits.kinds = accept_kinds(&accept, "--kinds=", argument);
		return 0;
	case ARGP_KEY_ARGS:
		check->files = state->argv + state->next;
		check->file_count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (!limits_any(&check->limits.limits))
			wrong_use("no limit is given: --max-close-wait, --max-open, --max-group, "
				  "--max-growth, --max-peak, --max-peak-group or --max-age");
		take_old(check);
		if (!check->subjects.count && !check->file_count)
			wrong_use("no snapshot is given: a FILE, or --pid");
		if (check->subjects.count && check->file_count)
			wrong_use("at most one FILE goes with --pid: the older snapshot");
		if (check->children && !check->subjects.count)
			wrong_use("--children are those of the process that --pid names");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Keeps the newest snapshot of each process, and the first where the growth is asked for. */
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

/* False after a line that says what is wrong. *empty, unless NULL, counts files that are empty,
 * which is wrong where it is NULL. */
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

/* A process that had nothing to tell has left an empty file, which is passed over beside others. */
static bool read_files(struct check *check)
{
	bool growth = check->limits.limits.growth >= 0, several = check->file_count > 1;
	size_t empty = 0;

	for (size_t i = 0; i < check->file_count; i++)
		if (!read_file(check->files[i], &check->targets, growth, several ? &empty : NULL))
			return false;
	if (empty < check->file_count)
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
	snprintf(name, sizeof(name), "process %d", pid);
	reader = reader_create(obtained.text, name);
	while ((snapshot = reader_next(reader)) != NULL) {
		snapshot->source = obstack_copy0(&snapshot->memory, name, strlen(name));
		take(targets, snapshot, false);
	}
	reader_destroy(reader);
	fclose(obtained.text);
	check->partial |= obtained.partial;
	if (targets->count == count)
		fprintf(stderr, "%s%s gave no snapshot\n", prefix, name);
	return targets->count > count;
}

/* Those of --pid. False after a line that says what is wrong; *all is false when there are
 * snapshots, and not of all processes that were to be looked at. */
static bool read_processes(struct check *check, bool *all)
{
	struct subject *subjects = check->subjects.items;

	for (size_t i = 0; i < check->subjects.count; i++) {
		struct subject *subject = &subjects[i];
		bool good = subject_find(&subject->pid, verb) == 0 &&
			    subject_each(subject->pid, check->children, verb, read_process, check);

		*all &= good;
		if (!check->children && good)
			subject->left_out =
				subject_left_out(subject->pid, ", not looked at (see --children)");
	}
	return *all || check->targets.count;
}

/* The children of the snapshot's process that are not looked at, in words; or NULL. */
static const char *left_out_of(const struct check *check, const struct model_snapshot *snapshot)
{
	const struct subject *subjects = check->subjects.items;

	for (size_t i = 0; i < check->subjects.count; i++)
		if (subjects[i].pid == snapshot->pid)
			return subjects[i].left_out;
	return NULL;
}

/* The earlier snapshot to compare with: in OLD that of the same process, else of the same program,
 * the last one if there are several; else the first of the same process in the files; else NULL. */
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

/* Names that are not found stay as the text has them. */
static void symbolize(struct check *check, struct model_snapshot *snapshot)
{
	int error;

	progress_begin(&check->progress, "fdtrail check");
	if (!check->symbolizer)
		check->symbolizer = symbolizer_create(&(struct symbolize_options){
			.debug_dirs = check->view.debug_dirs,
			.progress = progress_step,
			.data = &check->progress,
		});
	error = check->symbolizer ? symbolize_snapshot(check->symbolizer, snapshot) : -ENOMEM;
	if (error)
		fprintf(stderr, "%scan't look for file names and lines: %s\n", prefix,
			strerror(-error));
}

/* The groups that break a limit, as a report has them. */
static void show_broken(const struct check *check, const struct model_snapshot *snapshot)
{
	struct report_options options = view_for(&check->view, stdout);
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
	if (shown.group_count)
		report_groups(stdout, &shown, &options);
	else
		report_peaks(stdout, &shown, &options);
	free(shown.groups);
	free(shown.peaks);
}

/* Whether the verdict depends on names: one line of source may be several groups. A sum is the same
 * without them, and to read debug information may take a while. */
static bool needs_names(const struct check *check)
{
	const struct limits *limits = &check->limits.limits;

	return suppressions_any(check->suppressions.suppressions) || limits->group >= 0 ||
	       limits->growth >= 0 || limits->age >= 0;
}

static void check_target(struct check *check, const struct target *target, const struct list *old)
{
	struct model_snapshot *snapshot = target->last, *earlier = before(target, old);
	enum limits_verdict verdict;
	bool named = needs_names(check);

	own_script_leave_out(snapshot);
	if (named) {
		symbolize(check, snapshot);
		if (earlier)
			symbolize(check, earlier);
		suppressions_apply(check->suppressions.suppressions, snapshot);
		findings_merge(snapshot);
	}
	verdict = limits_check(&check->limits.limits, snapshot, earlier, stdout);
	if (verdict > check->verdict)
		check->verdict = verdict;
	if (verdict == LIMITS_KEPT) {
		char *process = page_process(snapshot);
		const char *left_out = left_out_of(check, snapshot);

		printf("%s: all limits are kept%s%s%s\n", process,
		       check->partial && !left_out ? " by what was looked at" : "",
		       left_out ? " by this process alone; it has " : "", left_out ? left_out : "");
		free(process);
		return;
	}
	if (!named && verdict == LIMITS_BROKEN) {
		symbolize(check, snapshot);
		findings_merge(snapshot);
	}
	show_broken(check, snapshot);
	if (!check->suppressions.generate)
		return;
	puts("\nsuppressions for these, to be put into a file:");
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
	struct subject *subjects = check->subjects.items;
	struct list old = {0};
	const struct target *targets;
	int status = EXIT_TROUBLE;
	bool all = true;

	if (check->old && !read_file(check->old, &old, false, NULL))
		goto out;
	if (check->subjects.count ? !read_processes(check, &all) : !read_files(check))
		goto out;
	targets = check->targets.items;
	for (size_t i = 0; i < check->targets.count; i++)
		check_target(check, &targets[i], &old);
	for (size_t i = 0; i < check->subjects.count; i++)
		if (subjects[i].left_out && check->verdict != LIMITS_KEPT)
			printf("process %d has %s\n", subjects[i].pid, subjects[i].left_out);
	if ((!all || check->partial) && check->verdict == LIMITS_KEPT)
		check->verdict = LIMITS_UNKNOWN;
	if (check->suppressions.print)
		suppressions_print(check->suppressions.suppressions, stdout);
	status = statuses[check->verdict];
	if (fflush(stdout) != 0) {
		fprintf(stderr, "%scan't write: %s\n", prefix, strerror(errno));
		status = EXIT_TROUBLE;
	}
out:
	forget(&old);
	forget(&check->targets);
	for (size_t i = 0; i < check->subjects.count; i++)
		free(subjects[i].left_out);
	list_finish(&check->subjects);
	return status;
}

int cmd_check(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{"pid", KEY_PID, "PID", 0,
		 "Check a running process, traced or not (may be repeated)", 1},
		{"old", KEY_OLD, "FILE", 0, "The older snapshot, which --max-growth compares with",
		 1},
		{"children", KEY_CHILDREN, NULL, 0,
		 "With --pid: check all processes that descend from it, too, each by itself", 1},
		{"kinds", KEY_KINDS, "KINDS", 0,
		 "Count only these kinds, with commas between, as in tcp,file (sockets, all)", 1},
		{0},
	};
	static const struct argp_child children[] = {
		{&limits_argp, 0, "Limits:", 2},
		{&suppressions_argp, 0, "What is accepted:", 3},
		{&view_argp, 0, "How it is shown:", 4},
		{0},
	};
	static const struct argp argp = {
		.options = table,
		.parser = parse,
		.args_doc = "FILE...\n--max-growth=N OLD NEW\n--pid=PID... [OLD]",
		.children = children,
		.doc = "Hold what programs leave open against limits. Of several snapshots the "
		       "newest of each process counts; OLD is what --max-growth compares with, "
		       "else the first snapshot of the process. What a process inherited does not "
		       "count.\v"
		       "Exit status: 0 all limits are kept, 1 one is broken, 2 the snapshot does "
		       "not tell, or something went wrong.\n\n"
		       "Examples:\n"
		       "  fdtrail check --max-close-wait=0 --pid=$(pidof -s server)\n"
		       "  fdtrail check --max-growth=10 yesterday.txt today.txt",
	};
	struct check check = {
		.view = VIEW_INIT(prefix, EXIT_TROUBLE),
		.limits = {.accept = accept, .limits = LIMITS_INIT},
		.suppressions = {.prefix = prefix,
				 .trouble = EXIT_TROUBLE,
				 .suppressions = suppressions_create()},
	};
	int status;

	arguments_parse(&argp, argc, argv, 0, &check);
	output_stdout();
	status = check_all(&check);
	symbolizer_destroy(check.symbolizer);
	suppressions_destroy(check.suppressions.suppressions);
	view_finish(&check.view);
	return status;
}
