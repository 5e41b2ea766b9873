// SPDX-License-Identifier: MIT
/*
 * fdtrail report: snapshots from files, in one of the formats, with functions and lines. Where a
 * format allows it one snapshot at a time is in memory; one that adds up gets them all. The text
 * shows the newest snapshot of each process, since a series says the same again and again; its
 * first lines come before the slow part, which is to read debug information.
 */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/format.h"
#include "export/output.h"
#include "format_option.h"
#include "reader/reader.h"
#include "report/filter.h"
#include "report/progress.h"
#include "report/report.h"
#include "symbolize/symbolize.h"
#include "verb.h"

enum {
	KEY_COLOUR = 0x1000,
	KEY_SHOW,
	KEY_SNAPSHOT,
	KEY_COLLAPSE,
	KEY_DEBUG_DIR,
	KEY_KIND,
	KEY_STATE,
	KEY_MIN_AGE,
	KEY_MAX_AGE,
	KEY_PATH,
	KEY_FUNCTION,
};

enum which { WHICH_USUAL, WHICH_NEWEST, WHICH_LAST, WHICH_ALL, WHICH_NUMBER };

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct report {
	const struct format *format; /* NULL: text */
	const char *path;            /* of the output; NULL: standard output */
	char **files;
	size_t file_count;
	struct export_options options;
	enum colour colour;
	int show; /* -2: not given */
	enum which which;
	int64_t number;
	const char **debug_dirs; /* NULL-terminated; NULL: none */
	size_t debug_dir_count;
	struct filter filter;

	struct progress progress;
	struct symbolizer *symbolizer;
	struct report_options text;
	struct model_snapshot **kept; /* for what can't go on before it has seen them all */
	size_t kept_count, kept_room; /* at kept_room it is looked which of them can go */
	size_t read, written, left_out;
	int64_t unjudged; /* by the filter */
};

enum { SHOW_NOT_GIVEN = -2 };

static _Noreturn void refuse(const char *option, const char *value, const char *accepted)
{
	fprintf(stderr, "fdtrail report: %s=%s is not accepted: %s\n", option, value, accepted);
	exit(EXIT_TROUBLE);
}

static int64_t number(const char *option, const char *value, int64_t least, const char *accepted)
{
	char *end;
	long long parsed;

	errno = 0;
	parsed = strtoll(value, &end, 10);
	if (end == value || *end || errno || parsed < least || parsed > INT32_MAX)
		refuse(option, value, accepted);
	return parsed;
}

static void parse_colour(struct report *report, const char *value)
{
	if (strcmp(value, "auto") == 0)
		report->colour = COLOUR_AUTO;
	else if (strcmp(value, "always") == 0)
		report->colour = COLOUR_ALWAYS;
	else if (strcmp(value, "never") == 0)
		report->colour = COLOUR_NEVER;
	else
		refuse("--color", value, "auto, always or never");
}

static void parse_which(struct report *report, const char *value)
{
	if (strcmp(value, "newest") == 0) {
		report->which = WHICH_NEWEST;
	} else if (strcmp(value, "last") == 0) {
		report->which = WHICH_LAST;
	} else if (strcmp(value, "all") == 0) {
		report->which = WHICH_ALL;
	} else {
		report->which = WHICH_NUMBER;
		report->number = number("--snapshot", value, 0,
					"newest, last, all, or the number of a snapshot");
	}
}

static void parse_kinds(struct report *report, const char *value)
{
	const char *bad;
	size_t length;

	if (kind_parse(value, &report->filter.kinds, &bad, &length))
		return;
	fprintf(stderr, "fdtrail report: --kind=%s: '%.*s' is no kind; there are all, sockets",
		value, (int)length, bad);
	for (int kind = 0; kind < KIND_COUNT; kind++)
		fprintf(stderr, ", %s", kind_name((enum kind)kind));
	fputc('\n', stderr);
	exit(EXIT_TROUBLE);
}

static void parse_states(struct report *report, const char *value)
{
	const char *bad;
	size_t length;

	report->filter.states = value;
	if (filter_check_states(value, &bad, &length))
		return;
	fprintf(stderr,
		"fdtrail report: --state=%s: '%.*s' is no state of a TCP socket, such as "
		"CLOSE_WAIT\n",
		value, (int)length, bad);
	exit(EXIT_TROUBLE);
}

static void parse_age(const char *option, const char *value, double *seconds)
{
	if (!filter_parse_age(value, seconds))
		refuse(option, value, "a length of time: 90, 90s, 5m, 2h, 3d or 1h30m");
}

static void add_debug_dir(struct report *report, const char *value)
{
	const char **grown = reallocarray(report->debug_dirs, report->debug_dir_count + 2,
					  sizeof(*report->debug_dirs));

	if (!grown) {
		fprintf(stderr, "fdtrail report: there is no memory\n");
		exit(EXIT_TROUBLE);
	}
	if (access(value, R_OK | X_OK) != 0 || strchr(value, ':'))
		refuse("--debug-dir", value,
		       strchr(value, ':') ? "a folder without a colon in its name"
					  : strerror(errno));
	report->debug_dirs = grown;
	grown[report->debug_dir_count++] = value;
	grown[report->debug_dir_count] = NULL;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct report *report = state->input;

	switch (key) {
	case 'f':
		report->format = format_option("report", argument);
		return 0;
	case 'o':
		report->path = argument;
		return 0;
	case KEY_COLOUR:
		parse_colour(report, argument);
		return 0;
	case KEY_SHOW:
		report->show = strcmp(argument, "all") == 0
				       ? REPORT_SHOW_ALL
				       : (int)number("--show", argument, 0, "a number, or all");
		return 0;
	case KEY_SNAPSHOT:
		parse_which(report, argument);
		return 0;
	case KEY_COLLAPSE:
		report->options.collapse_runtime = true;
		return 0;
	case KEY_DEBUG_DIR:
		add_debug_dir(report, argument);
		return 0;
	case KEY_KIND:
		parse_kinds(report, argument);
		return 0;
	case KEY_STATE:
		parse_states(report, argument);
		return 0;
	case KEY_MIN_AGE:
		parse_age("--min-age", argument, &report->filter.min_age);
		return 0;
	case KEY_MAX_AGE:
		parse_age("--max-age", argument, &report->filter.max_age);
		return 0;
	case KEY_PATH:
		report->filter.path = argument;
		return 0;
	case KEY_FUNCTION:
		report->filter.function = argument;
		return 0;
	case ARGP_KEY_ARGS:
		report->files = state->argv + state->next;
		report->file_count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		fprintf(stderr, "fdtrail report: no file is given: fdtrail report [OPTION...] "
				"FILE...\n");
		exit(EXIT_TROUBLE);
	}
	return ARGP_ERR_UNKNOWN;
}

/* A line between the reports of several snapshots: which file, which line. */
static void put_source(struct report *report, const struct model_snapshot *snapshot, FILE *file)
{
	if (report->written++)
		fputs("\n\n", file);
	report_source(file, snapshot, &report->text);
}

/* The same steps for every format; the text shows its first lines as early as it can. */
static int write_one(struct report *report, struct model_snapshot *snapshot, FILE *file,
		     bool several)
{
	const struct model_snapshot *const one = snapshot;
	struct filter before = report->filter, after = {.kinds = KIND_ALL};
	int error;

	before.function = NULL;
	after.function = report->filter.function;
	report->unjudged = model_add(report->unjudged, filter_apply(&before, snapshot));
	if (!report->format && several)
		put_source(report, snapshot, file);
	if (!report->format && !after.function) {
		report_summary(file, snapshot, &report->text);
		fflush(file);
	}
	error = symbolize_snapshot(report->symbolizer, snapshot);
	if (error < 0)
		fprintf(stderr, "fdtrail report: functions and lines can't be looked up: %s\n",
			strerror(-error));
	if (after.function)
		filter_apply(&after, snapshot);
	if (report->format)
		return report->format->streams
			       ? report->format->write(&one, 1, &report->options, file)
			       : 0;
	if (after.function)
		report_summary(file, snapshot, &report->text);
	report_groups(file, snapshot, &report->text);
	return 0;
}

/* Can a snapshot be written before the next has been seen? */
static bool at_once(const struct report *report)
{
	if (report->format && !report->format->streams)
		return false;
	return report->which == WHICH_ALL || report->which == WHICH_NUMBER;
}

/* Does of each process only the newest snapshot count? What adds up takes no other. */
static bool wants_newest(const struct report *report)
{
	return report->which == WHICH_NEWEST || (report->format && !report->format->streams);
}

/* Lets go of kept snapshots that a newer one of their process has replaced, so that a long series
 * takes no more memory than a short one. */
static int drop_replaced(struct report *report)
{
	size_t count, kept = 0;
	const struct model_snapshot **newest = format_newest(
		(const struct model_snapshot *const *)report->kept, report->kept_count, &count);

	if (!newest)
		return -ENOMEM;
	for (size_t i = 0; i < report->kept_count; i++) {
		if (kept < count && report->kept[i] == newest[kept]) {
			report->kept[kept++] = report->kept[i];
			continue;
		}
		if (report->which == WHICH_NEWEST)
			report->left_out++;
		model_destroy(report->kept[i]);
	}
	free(newest);
	report->kept_count = kept;
	return 0;
}

/* Writes a snapshot, or keeps it for later. Takes it over. */
static int take(struct report *report, struct model_snapshot *snapshot, FILE *file)
{
	int error = 0;

	report->read++;
	if (report->which == WHICH_NUMBER && snapshot->number != report->number) {
		report->left_out++;
		model_destroy(snapshot);
		return 0;
	}
	if (at_once(report)) {
		error = write_one(report, snapshot, file, true);
		model_destroy(snapshot);
		return error;
	}
	if (report->which == WHICH_LAST && report->kept_count) {
		report->left_out++;
		model_destroy(report->kept[--report->kept_count]);
	}
	if (report->kept_count == report->kept_room) {
		if (wants_newest(report))
			error = drop_replaced(report);
		report->kept_room = 2 * report->kept_count + 8;
		struct model_snapshot **grown =
			reallocarray(report->kept, report->kept_room, sizeof(*report->kept));
		if (!grown || error) {
			report->kept = grown ? grown : report->kept;
			model_destroy(snapshot);
			return -ENOMEM;
		}
		report->kept = grown;
	}
	report->kept[report->kept_count++] = snapshot;
	return 0;
}

/* False: a file could not be read, or has no snapshot; a line has said so. */
static bool read_files(struct report *report, FILE *file, int *error)
{
	bool good = true;

	for (size_t i = 0; i < report->file_count && *error == 0; i++) {
		struct reader *reader = reader_open(report->files[i], "report");
		struct model_snapshot *snapshot;

		if (!reader) {
			good = false;
			continue;
		}
		while (*error == 0 && (snapshot = reader_next(reader)) != NULL)
			*error = take(report, snapshot, file);
		if (!reader_close(reader))
			good = false;
	}
	return good;
}

/* Writes what was kept: all of it, or the newest of each process. */
static int write_kept(struct report *report, FILE *file)
{
	const struct model_snapshot *const *all;
	size_t count;
	int error = wants_newest(report) ? drop_replaced(report) : 0;

	all = (const struct model_snapshot *const *)report->kept;
	count = report->kept_count;
	for (size_t i = 0; i < count && error == 0; i++)
		error = write_one(report, report->kept[i], file, count > 1);
	if (error == 0 && report->format && !report->format->streams && count)
		error = report->format->write(all, count, &report->options, file);
	return error;
}

/* What the reader should know of what is not there; for the other formats on stderr. */
static void put_remarks(struct report *report, FILE *file)
{
	FILE *to = report->format ? stderr : file;
	const char *who = report->format ? "fdtrail report: " : "";

	if (report->left_out)
		fprintf(to, "%s%s%zu other %s left out (--snapshot=all shows all)\n",
			report->format ? "" : "\n", who, report->left_out,
			report->left_out == 1 ? "snapshot is" : "snapshots are");
	if (report->unjudged)
		fprintf(to,
			"%s%s%lld %s not judged by the filters and left out: the snapshot does not "
			"list "
			"%s\n",
			report->format ? "" : "\n", who, (long long)report->unjudged,
			report->unjudged == 1 ? "descriptor was" : "descriptors were",
			report->unjudged == 1 ? "it" : "them");
}

static void choose_style(struct report *report, FILE *file)
{
	report->text = report_options_for(file);
	if (report->colour != COLOUR_AUTO)
		report->text.colour = report->colour == COLOUR_ALWAYS;
	if (report->show != SHOW_NOT_GIVEN)
		report->text.show = report->show;
	report->text.collapse_runtime = report->options.collapse_runtime;
	report->text.filtered = report->filter.kinds != KIND_ALL || report->filter.states ||
				report->filter.min_age > 0 || report->filter.max_age > 0 ||
				report->filter.path || report->filter.function;
	/* Machines want the whole series; for people the newest says it all. */
	if (report->which == WHICH_USUAL)
		report->which = report->format ? WHICH_ALL : WHICH_NEWEST;
}

static int write_report(struct report *report)
{
	const char *reason;
	struct output *output =
		output_begin(report->path, report->format ? report->format->mode : 0600, &reason);
	const char *path = report->path ? report->path : "standard output";
	int error = 0;
	bool good;

	if (!output) {
		fprintf(stderr, "fdtrail report: can't write %s: %s\n", path, reason);
		return EXIT_TROUBLE;
	}
	FILE *file = output_file(output);
	choose_style(report, file);
	good = read_files(report, file, &error);
	if (error == 0 && report->kept_count)
		error = write_kept(report, file);
	if (report->read && report->left_out == report->read) {
		fprintf(stderr, "fdtrail report: no snapshot has the number %lld\n",
			(long long)report->number);
		good = false;
	} else if (error == 0) {
		put_remarks(report, file);
	}
	if (error == 0 && good)
		error = output_commit(output);
	else
		output_discard(output);
	if (error) {
		fprintf(stderr, "fdtrail report: can't write %s: %s\n", path, strerror(-error));
		return EXIT_TROUBLE;
	}
	return good ? EXIT_CLEAN : EXIT_TROUBLE;
}

static const struct argp_option options[] = {
	{"format", 'f', "FORMAT", 0, "text (the default), folded, json, pprof or prometheus", 0},
	{"output", 'o', "FILE", 0,
	 "Write to FILE, which appears whole or not at all, instead of standard output", 0},
	{"snapshot", KEY_SNAPSHOT, "WHICH", 0,
	 "Of several in the files: newest of each process (the default of text), last, all (that "
	 "of the "
	 "other formats), or those of this number",
	 0},
	{.doc = "What is shown:", .group = 1},
	{"kind", KEY_KIND, "KINDS", 0, "Only these kinds, with commas: tcp,file,...", 1},
	{"state", KEY_STATE, "STATES", 0, "Only TCP sockets in these states: CLOSE_WAIT,...", 1},
	{"min-age", KEY_MIN_AGE, "TIME", 0, "Only what is at least so old: 90, 5m, 2h, 3d", 1},
	{"max-age", KEY_MAX_AGE, "TIME", 0, "Only what is at most so old", 1},
	{"path", KEY_PATH, "PATTERN", 0,
	 "Only what has such a path or address; * and ? stand for others", 1},
	{"function", KEY_FUNCTION, "PATTERN", 0,
	 "Only what was opened, connected or used through such a function", 1},
	{.doc = "How it is shown:", .group = 2},
	{"show", KEY_SHOW, "N", 0,
	 "Descriptors listed of each group: a number, or all (default: 5)", 2},
	{"collapse-runtime", KEY_COLLAPSE, NULL, 0,
	 "Leave out frames of the C library, the loader and the language's own library", 2},
	{"color", KEY_COLOUR, "WHEN", 0,
	 "auto (the default: on a terminal, unless NO_COLOR is set), always or never", 2},
	{"colour", KEY_COLOUR, "WHEN", OPTION_ALIAS | OPTION_HIDDEN, NULL, 2},
	{.doc = "Where names come from:", .group = 3},
	{"debug-dir", KEY_DEBUG_DIR, "DIR", 0,
	 "Look for separate debug files in DIR, too: by build-id, or by the link in the program",
	 3},
	{0},
};

int cmd_report(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE...",
		.doc = "Show the snapshots in files (- is standard input), with functions and "
		       "lines.",
	};
	struct report report = {.show = SHOW_NOT_GIVEN, .filter = {.kinds = KIND_ALL}};

	argp_parse(&argp, argc, argv, 0, NULL, &report);
	if (report.format && report.format->binary && isatty(STDOUT_FILENO) &&
	    (!report.path || strcmp(report.path, "-") == 0)) {
		fprintf(stderr, "fdtrail report: %s is nothing for a terminal; use -o FILE%s\n",
			report.format->name, report.format->ending);
		return EXIT_TROUBLE;
	}
	progress_begin(&report.progress, "fdtrail report");
	report.symbolizer = symbolizer_create(&(struct symbolize_options){
		.debug_dirs = report.debug_dirs,
		.progress = progress_step,
		.data = &report.progress,
	});
	if (!report.symbolizer) {
		fprintf(stderr, "fdtrail report: there is no memory\n");
		return EXIT_TROUBLE;
	}
	int status = write_report(&report);
	for (size_t i = 0; i < report.kept_count; i++)
		model_destroy(report.kept[i]);
	free(report.kept);
	free(report.debug_dirs);
	symbolizer_destroy(report.symbolizer);
	return status;
}
