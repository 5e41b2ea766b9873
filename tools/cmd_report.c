// SPDX-License-Identifier: MIT
/*
 * fdtrail report: snapshots from files, in one of the formats. Where a format allows it one
 * snapshot at a time is in memory; one that adds up gets them all.
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
#include "nearest.h"
#include "reader/reader.h"
#include "verb.h"

struct report {
	const struct format *format; /* NULL: text */
	const char *path;            /* of the output; NULL: standard output */
	char **files;
	size_t file_count;
	struct export_options options;
	struct model_snapshot **kept; /* for a format that needs them all */
	size_t kept_count;
};

static const char *format_name(size_t index)
{
	return index < format_count ? formats[index].name : "text";
}

static void refuse_format(const char *name)
{
	const char *near = nearest(name, format_name, format_count + 1);

	fprintf(stderr, "fdtrail report: there is no format '%s'%s%s%s; there are text", name,
		near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	for (size_t i = 0; i < format_count; i++)
		fprintf(stderr, ", %s", formats[i].name);
	fputc('\n', stderr);
	exit(EXIT_TROUBLE);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct report *report = state->input;

	switch (key) {
	case 'f':
		report->format = format_find(argument);
		if (!report->format && strcmp(argument, "text") != 0)
			refuse_format(argument);
		return 0;
	case 'o':
		report->path = argument;
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

/* Writes a snapshot, or keeps it for later. Takes it over. */
static int take(struct report *report, struct model_snapshot *snapshot, FILE *file)
{
	const struct model_snapshot *const one = snapshot;
	int error = 0;

	if (report->format && !report->format->streams) {
		struct model_snapshot **grown =
			reallocarray(report->kept, report->kept_count + 1, sizeof(*report->kept));

		if (!grown) {
			model_destroy(snapshot);
			return -ENOMEM;
		}
		report->kept = grown;
		report->kept[report->kept_count++] = snapshot;
		return 0;
	}
	if (report->format)
		error = report->format->write(&one, 1, &report->options, file);
	else
		model_write(snapshot, file);
	model_destroy(snapshot);
	return error;
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
	good = read_files(report, output_file(output), &error);
	if (error == 0 && report->format && !report->format->streams && report->kept_count)
		error = report->format->write((const struct model_snapshot *const *)report->kept,
					      report->kept_count, &report->options,
					      output_file(output));
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

int cmd_report(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"format", 'f', "FORMAT", 0,
		 "text (the default), folded, json, pprof or prometheus", 0},
		{"output", 'o', "FILE", 0,
		 "Write to FILE, which appears whole or not at all, instead of standard output", 0},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE...",
		.doc = "Show the snapshots in files (- is standard input).",
	};
	struct report report = {0};

	argp_parse(&argp, argc, argv, 0, NULL, &report);
	if (report.format && report.format->binary && isatty(STDOUT_FILENO) &&
	    (!report.path || strcmp(report.path, "-") == 0)) {
		fprintf(stderr, "fdtrail report: %s is nothing for a terminal; use -o FILE%s\n",
			report.format->name, report.format->ending);
		return EXIT_TROUBLE;
	}
	int status = write_report(&report);
	for (size_t i = 0; i < report.kept_count; i++)
		model_destroy(report.kept[i]);
	free(report.kept);
	return status;
}
