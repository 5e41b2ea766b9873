// SPDX-License-Identifier: MIT
/*
 * fdtrail report: shows snapshots from files, in one of the formats, with functions and lines. One
 * snapshot at a time is in memory, if the format allows that; a format that adds up needs them all.
 * Text shows only the newest snapshot of each process, because a series repeats itself.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/arguments/format_option.h"
#include "tools/diff/history.h"
#include "tools/export/output.h"
#include "tools/reader/reader.h"
#include "tools/redact/redact.h"
#include "tools/report/findings.h"
#include "tools/report/progress.h"
#include "tools/report/report.h"
#include "tools/arguments/report_arguments.h"
#include "tools/run/own_script.h"
#include "tools/symbolize/symbolize.h"
#include "tools/arguments/verb.h"

struct report {
	struct report_arguments asked;
	struct progress progress;
	struct symbolizer *symbolizer;
	struct substitutes *substitutes; /* NULL: without --redact */
	struct report_options text;
	struct model_snapshot **kept; /* snapshots that can't be written before all are read */
	size_t kept_count, kept_room; /* when kept_room is full, replaced ones are dropped */
	size_t read, written, left_out;
	size_t thinned;   /* snapshots that a time line does without */
	int64_t unjudged; /* descriptors that the filter could not judge */
};

/* Between several reports: names the file and the line of the next one. */
static void put_source(struct report *report, const struct model_snapshot *snapshot, FILE *file)
{
	if (report->written++)
		fputs("\n\n", file);
	report_source(file, snapshot, &report->text);
}

/* Filters, symbolizes and suppresses a snapshot, and writes it if the format takes one at a time.
 * several: there is more than one, so text names the file of each. */
static int write_one(struct report *report, struct model_snapshot *snapshot, FILE *file,
		     bool several)
{
	const struct model_snapshot *const one = snapshot;
	struct filter before = report->asked.filter, after = {.kinds = KIND_ALL};
	int error;

	if (!report->asked.format || report->asked.format->findings)
		own_script_leave_out(snapshot);
	before.function = NULL;
	after.function = report->asked.filter.function;
	report->unjudged = model_add(report->unjudged, filter_apply(&before, snapshot));
	error = symbolize_snapshot(report->symbolizer, snapshot);
	if (error < 0)
		fprintf(stderr, "fdtrail report: can't look up functions and lines: %s\n",
			strerror(-error));
	if (after.function)
		filter_apply(&after, snapshot);
	suppressions_apply(report->asked.suppressions.suppressions, snapshot);
	if (report->substitutes)
		redact_snapshot(report->substitutes, snapshot);
	if (!report->asked.format || report->asked.format->findings)
		findings_merge(snapshot);
	else
		findings_number(snapshot);
	if (report->asked.format)
		return report->asked.format->streams
			       ? report->asked.format->write(&one, 1, &report->asked.options, file)
			       : 0;
	if (several)
		put_source(report, snapshot, file);
	report_text(file, snapshot, &report->text);
	if (report->asked.suppressions.generate)
		suppressions_generate_all(snapshot, file);
	return 0;
}

/* Whether a snapshot can be written before the next one is read. */
static bool at_once(const struct report *report)
{
	if (report->asked.format && !report->asked.format->streams)
		return false;
	return report->asked.which == WHICH_ALL || report->asked.which == WHICH_NUMBER;
}

/* Whether only the newest snapshot of each process counts. Most formats that add up use no
 * other. */
static bool wants_newest(const struct report *report)
{
	return report->asked.which == WHICH_NEWEST ||
	       (report->asked.format && !report->asked.format->streams &&
		!report->asked.format->series);
}

/* Frees kept snapshots that a newer one of their process has replaced, so that a long series takes
 * no more memory than a short one. */
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
		if (report->asked.which == WHICH_NEWEST)
			report->left_out++;
		model_destroy(report->kept[i]);
	}
	free(newest);
	report->kept_count = kept;
	return 0;
}

/* Frees some of the snapshots of a long series that a time line shows. */
static int thin_out(struct report *report)
{
	bool *drop = calloc(report->kept_count + 1, sizeof(*drop));
	int marked = drop ? history_thin(report->kept, report->kept_count, drop) : -ENOMEM;
	size_t kept = 0;

	for (size_t i = 0; i < report->kept_count && drop && marked > 0; i++)
		if (drop[i])
			model_destroy(report->kept[i]);
		else
			report->kept[kept++] = report->kept[i];
	if (marked > 0) {
		report->kept_count = kept;
		report->thinned += (size_t)marked;
	}
	free(drop);
	return marked < 0 ? marked : 0;
}

/* Writes a snapshot, or keeps it for later. Takes ownership of it. */
static int take(struct report *report, struct model_snapshot *snapshot, FILE *file)
{
	int error = 0;

	report->read++;
	if (report->asked.which == WHICH_NUMBER && snapshot->number != report->asked.number) {
		report->left_out++;
		model_destroy(snapshot);
		return 0;
	}
	if (at_once(report)) {
		error = write_one(report, snapshot, file, true);
		model_destroy(snapshot);
		return error;
	}
	if (report->asked.which == WHICH_LAST && report->kept_count) {
		report->left_out++;
		model_destroy(report->kept[--report->kept_count]);
	}
	if (report->kept_count == report->kept_room) {
		if (wants_newest(report))
			error = drop_replaced(report);
		else if (report->asked.format && report->asked.format->series)
			error = thin_out(report);
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

/* Returns false, after a message, if a file could not be read or has no snapshot. *error is for
 * failures of memory and output. */
static bool read_files(struct report *report, FILE *file, int *error)
{
	bool good = true;
	size_t empty = 0;

	for (size_t i = 0; i < report->asked.file_count && *error == 0; i++) {
		struct reader *reader = reader_open(report->asked.files[i], "report");
		struct model_snapshot *snapshot;

		if (!reader) {
			good = false;
			continue;
		}
		while (*error == 0 && (snapshot = reader_next(reader)) != NULL)
			*error = take(report, snapshot, file);
		/* A process that had nothing open leaves an empty file in a run's folder. */
		if (report->asked.file_count > 1 && *error == 0 && reader_close_if_empty(reader))
			empty++;
		else if (!reader_close(reader))
			good = false;
	}
	if (!empty || empty < report->asked.file_count)
		return good;
	fprintf(stderr, "fdtrail report: all %zu files are empty\n", empty);
	return false;
}

/* Writes the kept snapshots: all of them, or the newest one of each process. */
static int write_kept(struct report *report, FILE *file)
{
	const struct model_snapshot *const *all;
	size_t count;
	int error = wants_newest(report) ? drop_replaced(report) : 0;

	all = (const struct model_snapshot *const *)report->kept;
	count = report->kept_count;
	for (size_t i = 0; i < count && error == 0; i++)
		error = write_one(report, report->kept[i], file, count > 1);
	if (error == 0 && report->asked.format && report->asked.format->series)
		error = history_fill(report->kept, count);
	if (error == 0 && report->asked.format && !report->asked.format->streams && count)
		error = report->asked.format->write(all, count, &report->asked.options, file);
	return error;
}

/* Says what was left out: at the end of the text, or on stderr for other formats. */
static void put_remarks(struct report *report, FILE *file)
{
	FILE *to = report->asked.format ? stderr : file;
	const char *prefix = report->asked.format ? "fdtrail report: " : "";

	if (report->left_out)
		fprintf(to, "%s%s%zu other %s left out (--snapshot=all shows all)\n",
			report->asked.format ? "" : "\n", prefix, report->left_out,
			report->left_out == 1 ? "snapshot is" : "snapshots are");
	if (report->thinned)
		fprintf(to, "%sthe time line has %zu of %zu snapshots\n", prefix,
			report->read - report->left_out - report->thinned,
			report->read - report->left_out);
	if (report->unjudged)
		filter_say_unjudged(report->unjudged, report->asked.format ? prefix : "\n", to);
}

static void choose_style(struct report *report, FILE *file)
{
	report->text = view_for(&report->asked.view, file);
	report->text.filtered = report->asked.filter.kinds != KIND_ALL ||
				report->asked.filter.states || report->asked.filter.min_age > 0 ||
				report->asked.filter.max_age > 0 || report->asked.filter.path ||
				report->asked.filter.inheritable || report->asked.filter.function;
	report->asked.options.filtered = report->text.filtered;
	/* Other programs want the whole series; for people the newest one is enough. */
	if (report->asked.which == WHICH_USUAL)
		report->asked.which = report->asked.format ? WHICH_ALL : WHICH_NEWEST;
}

static int write_report(struct report *report)
{
	const char *reason;
	struct output *output =
		output_begin(report->asked.path,
			     report->asked.format ? report->asked.format->mode : 0600, &reason);
	const char *path = report->asked.path ? report->asked.path : "standard output";
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
			(long long)report->asked.number);
		good = false;
	} else if (error == 0) {
		put_remarks(report, file);
	}
	if (report->asked.suppressions.print)
		suppressions_print(report->asked.suppressions.suppressions, file);
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

/* Writes what was replaced to a file of its own. */
static int write_list(const struct report *report)
{
	const char *reason, *path = report->asked.redact_list;
	struct output *output = output_begin(path, 0600, &reason);

	if (output) {
		redact_list(report->substitutes, output_file(output));
		int error = output_commit(output);
		if (!error)
			return EXIT_CLEAN;
		reason = strerror(-error);
	}
	fprintf(stderr, "fdtrail report: can't write %s: %s\n", path, reason);
	return EXIT_TROUBLE;
}

int cmd_report(int argc, char **argv)
{
	struct report report = {0};

	report_arguments_parse(&report.asked, argc, argv);
	format_option_check_output("report", report.asked.format, report.asked.path);
	progress_begin(&report.progress, "fdtrail report");
	report.symbolizer = symbolizer_create(&(struct symbolize_options){
		.debug_dirs = report.asked.view.debug_dirs,
		.progress = progress_step,
		.data = &report.progress,
	});
	if (!report.symbolizer) {
		fprintf(stderr, "fdtrail report: %s\n", strerror(ENOMEM));
		return EXIT_TROUBLE;
	}
	if (report.asked.redact && !(report.substitutes = substitutes_create())) {
		fprintf(stderr, "fdtrail report: %s\n", strerror(ENOMEM));
		return EXIT_TROUBLE;
	}
	int status = write_report(&report);
	if (report.asked.redact_list && status == EXIT_CLEAN)
		status = write_list(&report);
	for (size_t i = 0; i < report.kept_count; i++)
		model_destroy(report.kept[i]);
	free(report.kept);
	view_finish(&report.asked.view);
	suppressions_destroy(report.asked.suppressions.suppressions);
	symbolizer_destroy(report.symbolizer);
	substitutes_destroy(report.substitutes);
	return status;
}
