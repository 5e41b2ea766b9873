// SPDX-License-Identifier: MIT
/*
 * fdtrail diff: shows what grew between two snapshots. They come from two files, or are the first
 * and the last one of a process in one file (a program with FDTRAIL_INTERVAL writes several).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/check/suppressions.h"
#include "tools/diff/diff.h"
#include "tools/diff/diff_format.h"
#include "tools/export/output.h"
#include "tools/arguments/nearest.h"
#include "tools/arguments/command_line.h"
#include "tools/arguments/option_rows.h"
#include "tools/arguments/view.h"
#include "tools/model/escape.h"
#include "tools/reader/reader.h"
#include "tools/report/filter.h"
#include "tools/report/progress.h"
#include "tools/report/report.h"
#include "tools/symbolize/symbolize.h"
#include "tools/arguments/verb.h"

static const char verb[] = "diff";

struct options {
	const struct diff_format *format;
	struct view view;
	struct suppression_options suppressions;
	struct filter filter;
	struct progress progress;
	const char *output;
	char **files;
	size_t file_count;
};

static const char *format_name(size_t index)
{
	return diff_formats[index].name;
}

static char *help(int key, const char *text, void *input)
{
	return key == 'f' ? nearest_list(format_name, diff_format_count) : (char *)text;
}

enum { KEY_KINDS = 0x1000 };

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->view;
		state->child_inputs[1] = &options->suppressions;
		return 0;
	case KEY_KINDS:
		options->filter.kinds = accept_kinds(&options->view.accept, "--kinds=", argument);
		return 0;
	case 'f':
		options->format = diff_format_find(argument);
		if (!options->format)
			accept_refuse_format(&options->view.accept, argument, format_name,
					     diff_format_count);
		return 0;
	case 'o':
		options->output = argument;
		return 0;
	case ARGP_KEY_ARGS:
		options->files = state->argv + state->next;
		options->file_count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		suppressions_check_text(&options->suppressions,
					strcmp(options->format->name, "text") == 0);
		if (options->file_count == 1 || options->file_count == 2)
			return 0;
		fprintf(stderr,
			"fdtrail diff: %s: give OLD and NEW, or one FILE with several snapshots\n",
			options->file_count ? "more than two files are given" : "no file is given");
		exit(EXIT_TROUBLE);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Returns the last snapshot in a file; if like is not NULL, the last one of the same program, if
 * there is one. Returns NULL after a message. */
static struct model_snapshot *last_in(const char *path, const struct model_snapshot *like)
{
	struct reader *reader = reader_open(path, verb);
	struct model_snapshot *snapshot, *last = NULL;

	if (!reader)
		return NULL;
	while ((snapshot = reader_next(reader)) != NULL) {
		if (last && like && model_same_program(last, like) &&
		    !model_same_program(snapshot, like)) {
			model_destroy(snapshot);
			continue;
		}
		model_destroy(last);
		last = snapshot;
	}
	if (!reader_close(reader)) {
		model_destroy(last);
		return NULL;
	}
	return last;
}

/* Returns the first snapshot of the same process as last, which is the last one in the same file.
 * Returns NULL after a message. */
static struct model_snapshot *first_in(const char *path, const struct model_snapshot *last)
{
	struct reader *reader = reader_open(path, verb);
	struct model_snapshot *snapshot;

	if (!reader)
		return NULL;
	while ((snapshot = reader_next(reader)) != NULL) {
		if (snapshot->line < last->line && model_same_process(snapshot, last))
			break;
		model_destroy(snapshot);
	}
	if (!reader_close(reader)) {
		model_destroy(snapshot);
		return NULL;
	}
	if (!snapshot) {
		fputs("fdtrail diff: ", stderr);
		escape_put_word(stderr, path);
		fputs(" has only one snapshot of its last process: give an older file, too\n",
		      stderr);
	}
	return snapshot;
}

static bool read_both(const struct options *options, struct model_snapshot **old,
		      struct model_snapshot **new)
{
	const char *old_path = options->files[0],
		   *new_path = options->files[options->file_count - 1];

	if (strcmp(old_path, "-") == 0 && strcmp(new_path, "-") == 0) {
		fputs("fdtrail diff: only one of the two files can be standard input\n", stderr);
		return false;
	}
	*new = last_in(new_path, NULL);
	if (!*new)
		return false;
	*old = options->file_count == 1 ? first_in(old_path, *new) : last_in(old_path, *new);
	return *old != NULL;
}

/* Removes the kinds that --kinds leaves out. */
static void narrow(const struct options *options, struct model_snapshot *old,
		   struct model_snapshot *new)
{
	int64_t unjudged =
		model_add(filter_apply(&options->filter, old), filter_apply(&options->filter, new));

	if (unjudged)
		filter_say_unjudged(unjudged, "fdtrail diff: ", stderr);
}

/* Writes what --gen-suppressions and --print-suppressions ask for. */
static void put_suppressions(const struct options *options, const struct diff *diff, FILE *file)
{
	if (options->suppressions.generate) {
		fputs("\nsuppressions for what has grown:\n", file);
		for (size_t i = 0; i < diff->count; i++)
			if (diff_growth(&diff->entries[i]) > 0)
				suppressions_generate(diff_group(&diff->entries[i]), file);
	}
	if (options->suppressions.print)
		suppressions_print(options->suppressions.suppressions, file);
}

/* Looks up functions and lines. If that fails, the names in the snapshots' text stay. */
static void symbolize(struct options *options, struct model_snapshot *old,
		      struct model_snapshot *new)
{
	struct symbolizer *symbolizer = symbolizer_create(&(struct symbolize_options){
		.debug_dirs = options->view.debug_dirs,
		.progress = progress_step,
		.data = &options->progress,
	});
	int error = symbolizer ? symbolize_snapshot(symbolizer, new) : -ENOMEM;

	if (!error)
		error = symbolize_snapshot(symbolizer, old);
	if (error)
		fprintf(stderr, "fdtrail diff: can't look up functions and lines: %s\n",
			strerror(-error));
	symbolizer_destroy(symbolizer);
}

static int write_diff(const struct options *options, const struct diff *diff)
{
	const char *path = options->output ? options->output : "standard output", *reason;
	struct output *output = output_begin(options->output, 0600, &reason);
	struct diff_options shown = {.export.collapse_runtime = options->view.collapse_runtime};
	int error;

	if (!output) {
		fprintf(stderr, "fdtrail diff: can't write %s: %s\n", path, reason);
		return EXIT_TROUBLE;
	}
	shown.report = view_for(&options->view, output_file(output));
	error = options->format->write(diff, &shown, output_file(output));
	put_suppressions(options, diff, output_file(output));
	if (error)
		output_discard(output);
	else
		error = output_commit(output);
	if (error)
		fprintf(stderr, "fdtrail diff: can't write %s: %s\n", path, strerror(-error));
	return error ? EXIT_TROUBLE : EXIT_CLEAN;
}

int cmd_diff(int argc, char **argv)
{
	static const struct argp_option table[] = {
		OPTION_ROW_FORMAT,
		OPTION_ROW_OUTPUT,
		OPTION_ROWS_KINDS(KEY_KINDS, "Only", 0),
		{0},
	};
	static const struct argp_child children[] = {
		{&view_without_show_argp, 0, "Display:", 2},
		{&suppressions_argp, 0, "Suppressions:", 3},
		{0},
	};
	static const struct argp argp = {
		.options = table,
		.children = children,
		.parser = parse,
		.args_doc = "OLD NEW\nFILE",
		.help_filter = help,
		.doc = "Show which lines of the program left more descriptors open, or fewer. "
		       "Compares the last snapshots of two files, or the first and the last one of "
		       "a process in one file. The file - is standard input. The two may be of "
		       "different runs of the program.\v"
		       "Examples:\n"
		       "  fdtrail diff before.txt after.txt\n"
		       "  fdtrail diff --format=folded server.txt | flamegraph.pl > growth.svg",
	};
	struct options options = {
		.format = diff_format_find("text"),
		.view = VIEW_INIT("fdtrail diff: ", EXIT_TROUBLE),
		.suppressions = SUPPRESSIONS_INIT("fdtrail diff: ", EXIT_TROUBLE),
		.filter.kinds = KIND_ALL,
	};
	struct model_snapshot *old = NULL, *new = NULL;
	int status = EXIT_TROUBLE;

	arguments_parse(&argp, argc, argv, 0, &options);
	if (read_both(&options, &old, &new)) {
		struct diff *diff;

		progress_begin(&options.progress, "fdtrail diff");
		narrow(&options, old, new);
		symbolize(&options, old, new);
		suppressions_apply(options.suppressions.suppressions, old);
		suppressions_apply(options.suppressions.suppressions, new);
		diff = diff_create(old, new);
		status = write_diff(&options, diff);
		diff_destroy(diff);
	}
	model_destroy(old);
	model_destroy(new);
	view_finish(&options.view);
	suppressions_destroy(options.suppressions.suppressions);
	return status;
}
