// SPDX-License-Identifier: MIT
/* See run_report.h. */
#include "run_report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/core/base/line.h"
#include "preload/core/snapshot/writer.h"
#include "tools/reader/reader.h"
#include "tools/report/findings.h"
#include "tools/report/page.h"
#include "tools/report/progress.h"
#include "tools/report/report.h"
#include "tools/report/text_peaks.h"
#include "tools/symbolize/symbolize.h"
#include "own_script.h"
#include "run_results.h"
#include "run_unknown.h"
#include "tools/arguments/say.h"

enum { NOTES_MOST = 1000 };

/* The state of one report: one pass through the files. */
struct reporting {
	struct run_report *report;
	struct symbolizer *symbolizer;
	struct report_options options;
	struct progress progress;
	bool any;                /* something has been reported */
	FILE *part;              /* where to keep text for later; NULL: write it at once */
	struct run_order *order; /* parts to be ordered by processes' ends; NULL: none */
	char **notes;            /* lines that the tracer wrote beside snapshots, each once */
	size_t note_count;
	enum run_report_result result;
	struct run_results results; /* for a format that is not text */
};

static void worsen(struct reporting *reporting, enum run_report_result result)
{
	if (result > reporting->result)
		reporting->result = result;
}

static void trouble(struct reporting *reporting, const char *what, int error)
{
	say("can't report %s: %s", what, strerror(error));
	worsen(reporting, RUN_REPORT_TROUBLE);
}

/* Writes all of the text, in one write if there is room for that (preload/core/snapshot/writer.h),
 * so that no output of the program comes in the middle. Waits for a slow reader: a pager may show
 * one page for hours. 0 or an errno. */
static int write_all(int fd, const char *text, size_t length)
{
	struct writer writer;

	writer_open(&writer, fd, NULL);
	writer.patience_ms = INT_MAX;
	writer_put(&writer, text, length);
	return writer_close(&writer) ? 0 : -writer.error;
}

/* Writes text of the report. If its reader has gone (EPIPE), that isn't an error, and limits still
 * count. */
static void put(struct reporting *reporting, const char *text, size_t length)
{
	if (reporting->part) {
		fwrite(text, 1, length, reporting->part);
		return;
	}
	int error = write_all(reporting->report->output, text, length);
	if (error < 0 && error != -EPIPE && reporting->result < RUN_REPORT_TROUBLE)
		trouble(reporting, "what was found", -error);
}

/* Writes a line of `fdtrail run` itself to the report. */
static void tell_line(struct reporting *reporting, const char *text)
{
	LINE(line, LINE_LONG);

	line_add(&line, "fdtrail run: ");
	line_quote(&line, text);
	line_add(&line, "\n");
	put(reporting, line.text, line.length);
}

/* Notes that something has been written, so that an empty line comes before the next report. */
static void told(struct reporting *reporting)
{
	reporting->any |= !reporting->part;
}

/* Writes the empty line that a report begins with, unless it is the first. */
static void set_apart(struct reporting *reporting)
{
	if (reporting->any && !reporting->part)
		put(reporting, "\n", 1);
	told(reporting);
}

/* Whether anything unclosed is left after suppressions, or any misuse. */
static bool is_worth_telling(const struct model_snapshot *snapshot)
{
	size_t suppressed = 0, opened = 0;

	for (size_t i = 0; i < snapshot->misuse_count; i++)
		if (!snapshot->misuses[i].of.suppressed)
			return true;

	for (size_t i = 0; i < snapshot->group_count; i++) {
		enum model_origin origin = snapshot->groups[i].origin;

		if (origin == MODEL_INHERITED || origin == MODEL_INHERITED_FORK)
			continue;
		opened++;
		suppressed += snapshot->groups[i].suppressed;
	}
	/* A text that is cut short may lack its groups. */
	return snapshot->unclosed != 0 && (opened > suppressed || opened == 0);
}

/* Writes the report of one snapshot, with an empty line before it unless it is the first. */
static void tell_report(struct reporting *reporting, struct model_snapshot *snapshot)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);

	if (!memory) {
		trouble(reporting, snapshot->source, errno);
		return;
	}
	if (reporting->any && !reporting->part)
		fputc('\n', memory);
	told(reporting);
	report_text(memory, snapshot, &reporting->options);
	if (reporting->report->suppressions.generate)
		suppressions_generate_all(snapshot, memory);
	fclose(memory);
	put(reporting, text, length);
	free(text);
}

static void symbolize(struct reporting *reporting, struct model_snapshot *snapshot)
{
	int error = symbolize_snapshot(reporting->symbolizer, snapshot);

	if (error < 0)
		say("functions and lines can't be looked up: %s", strerror(-error));
}

/* Writes a line with the peaks of a process that has left nothing open. */
static void tell_peaks(struct reporting *reporting, struct model_snapshot *snapshot)
{
	LINE(line, LINE_LONG);
	struct page page;
	char *sentence, *process;

	symbolize(reporting, snapshot);
	page_open(&page, NULL, 0, false);
	sentence = text_peaks_sentence(&page, snapshot);
	page_close(&page);
	if (!sentence)
		return;
	process = page_process(snapshot);
	line_add(&line, process);
	line_add(&line, snapshot->unclosed ? ": " : ": nothing is left open; ");
	line_add(&line, sentence);
	tell_line(reporting, line.text);
	told(reporting);
	free(process);
	free(sentence);
}

static bool has_peaks(const struct model_snapshot *snapshot, bool broken)
{
	for (size_t i = 0; i < snapshot->peak_count; i++)
		if (broken ? snapshot->peaks[i].of.broken : text_peak_is_held(&snapshot->peaks[i]))
			return true;
	return false;
}

/* Reports a snapshot. True: it was a report; false: a line or nothing. */
static bool tell(struct reporting *reporting, struct model_snapshot *snapshot, bool last)
{
	const struct suppression_options *options = &reporting->report->suppressions;
	bool suppressing = suppressions_any(options->suppressions);

	own_script_leave_out(snapshot);
	/* Suppressions need function names. */
	if (suppressing) {
		symbolize(reporting, snapshot);
		suppressions_apply(options->suppressions, snapshot);
	}
	/* With --verbose --inherited inherited descriptors are listed. */
	bool lists = reporting->report->verbose && !snapshot->unclosed && snapshot->group_count;
	if (last && !lists && !is_worth_telling(snapshot)) {
		if (has_peaks(snapshot, false))
			tell_peaks(reporting, snapshot);
		return false;
	}
	if (!suppressing)
		symbolize(reporting, snapshot);
	findings_merge(snapshot);
	tell_report(reporting, snapshot);
	return true;
}

/* Keeps the result of a process for a format that is not text, and its last snapshot. */
static void keep_result(struct reporting *reporting, struct model_snapshot *snapshot)
{
	const struct run_report *report = reporting->report;

	own_script_leave_out(snapshot);
	symbolize(reporting, snapshot);
	suppressions_apply(report->suppressions.suppressions, snapshot);
	findings_merge(snapshot);
	enum limits_verdict verdict =
		run_results_add(&reporting->results, snapshot, &report->limits);
	if (verdict != LIMITS_KEPT)
		worsen(reporting,
		       verdict == LIMITS_BROKEN ? RUN_REPORT_BROKEN : RUN_REPORT_UNKNOWN);
}

/* Checks a process' last snapshot against the limits, and writes a line for each that is broken. */
static void check_limits(struct reporting *reporting, struct model_snapshot *snapshot)
{
	char *lines = NULL, *rest;
	size_t length = 0;
	FILE *memory;

	if (!limits_any(&reporting->report->limits) || !(memory = open_memstream(&lines, &length)))
		return;
	enum limits_verdict verdict =
		limits_check(&reporting->report->limits, snapshot, NULL, memory);
	fclose(memory);
	if (verdict != LIMITS_KEPT)
		worsen(reporting,
		       verdict == LIMITS_BROKEN ? RUN_REPORT_BROKEN : RUN_REPORT_UNKNOWN);
	/* Peaks that were worth it have been reported already. */
	if (has_peaks(snapshot, true) && !is_worth_telling(snapshot) && !has_peaks(snapshot, false))
		tell_peaks(reporting, snapshot);
	for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		tell_line(reporting, line);
	free(lines);
}

/* Makes the texts about a process from its last snapshot, and adds them to the order. report: also
 * a report, not only limits. */
static void tell_last(struct reporting *reporting, struct model_snapshot *snapshot, bool report)
{
	char *text = NULL;
	size_t length = 0;

	reporting->part = open_memstream(&text, &length);
	if (!reporting->part) {
		trouble(reporting, snapshot->source, errno);
		return;
	}
	/* Share a line with other processes only if that line loses nothing. */
	bool alone = !snapshot->whole || snapshot->mixed || snapshot->unread ||
		     snapshot->unknown_lines || has_peaks(snapshot, false);
	bool reported = report && tell(reporting, snapshot, true);
	fflush(reporting->part);
	size_t end = reported ? length : 0;
	check_limits(reporting, snapshot);
	fclose(reporting->part);
	reporting->part = NULL;
	char *lines = strdup(text + end);
	if (lines) {
		text[end] = '\0';
		run_order_add(reporting->order, snapshot, alone, text, lines);
	} else {
		trouble(reporting, snapshot->source, ENOMEM);
	}
	free(lines);
	free(text);
}

static void put_in_order(void *data, const char *text, bool report)
{
	struct reporting *reporting = data;

	if (report)
		set_apart(reporting);
	put(reporting, text, strlen(text));
	told(reporting);
}

/* Keeps the lines that the tracer has written beside its snapshots, about what it couldn't see
 * (preload/runtime/untraced_exec.c). */
static void keep_notes(struct reporting *reporting, const char *text, size_t length)
{
	static const char mark[] = "fdtrail: ";

	for (const char *line = text, *end = text + length; line < end;) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t size = (size_t)((next ? next : end) - line), i = 0;

		if (size > sizeof(mark) && memcmp(line, mark, sizeof(mark) - 1) == 0) {
			char *note = strndup(line + sizeof(mark) - 1, size - (sizeof(mark) - 1));
			void *more = reallocarray(reporting->notes, reporting->note_count + 1,
						  sizeof(*reporting->notes));
			if (!more) {
				free(note);
				return;
			}
			reporting->notes = more;
			while (note && i < reporting->note_count &&
			       strcmp(reporting->notes[i], note) != 0)
				i++;
			if (note && i == reporting->note_count && i < NOTES_MOST)
				reporting->notes[reporting->note_count++] = note;
			else
				free(note);
		}
		line += size + 1;
	}
}

/* Writes and removes the notes that are warnings; the others are about untraced programs. */
static void tell_warnings(struct reporting *reporting)
{
	static const char mark[] = "warning: ";
	size_t kept = 0;

	for (size_t i = 0; i < reporting->note_count; i++) {
		char *note = reporting->notes[i];

		if (strncmp(note, mark, sizeof(mark) - 1) != 0) {
			reporting->notes[kept++] = note;
			continue;
		}
		tell_line(reporting, note + sizeof(mark) - 1);
		free(note);
		reporting->any = true;
	}
	reporting->note_count = kept;
}

static void tell_notes(struct reporting *reporting)
{
	char *text = NULL;
	size_t length = 0;

	tell_warnings(reporting);
	FILE *memory = reporting->note_count ? open_memstream(&text, &length) : NULL;
	if (!memory)
		return;
	/* Untraced programs may have broken any limit. */
	if (limits_any(&reporting->report->limits))
		worsen(reporting, RUN_REPORT_UNKNOWN);
	fprintf(memory, "%snot traced:\n", reporting->any ? "\n" : "");
	for (size_t i = 0; i < reporting->note_count; i++) {
		LINE(line, LINE_LONG);
		line_quote(&line, reporting->notes[i]);
		fprintf(memory, "  %s\n", line.text);
		free(reporting->notes[i]);
	}
	free(reporting->notes);
	reporting->notes = NULL;
	reporting->note_count = 0;
	fclose(memory);
	put(reporting, text, length);
	free(text);
	reporting->any = true;
}

/* Selects the snapshots of a text to report: all, only those at a program's end, or only the
 * others. */
enum which { WHICH_ALL, WHICH_LAST, WHICH_OTHERS };

/* Whether the roster has the complete text of a process whose snapshot is cut short in a file. */
static bool is_in_roster(const struct reporting *reporting, const struct model_snapshot *snapshot)
{
	const struct run_roster *roster = reporting->report->roster;

	for (size_t i = 0; roster && i < roster_end(roster->header); i++) {
		const struct roster_record *record = &roster->header->records[i];

		if (atomic_load(&record->state) != ROSTER_FREE && atomic_load(&record->first) &&
		    roster_pid(record) == snapshot->pid)
			return true;
	}
	return false;
}

/* Reports the snapshots in text, which was read from source. cut: a snapshot may be cut short here,
 * and complete in the roster. */
static void tell_text(struct reporting *reporting, char *text, size_t length, const char *source,
		      bool cut, enum which which)
{
	FILE *stream = fmemopen(text, length, "r");
	struct reader *reader = stream ? reader_create(stream, source) : NULL;
	struct model_snapshot *snapshot;

	if (which != WHICH_OTHERS)
		keep_notes(reporting, text, length);
	if (!reader)
		trouble(reporting, source, errno);
	while (reader && (snapshot = reader_next(reader))) {
		bool last = snapshot->end.kind != PROCESS_RUNS_ON;
		bool elsewhere = cut && !snapshot->whole && is_in_roster(reporting, snapshot);
		bool wanted = !snapshot->own_signal &&
			      (which == WHICH_ALL || last == (which == WHICH_LAST));
		bool is_text = !reporting->report->format->write;
		if (!is_text && !elsewhere && last && which != WHICH_OTHERS) {
			keep_result(reporting, snapshot);
			continue;
		}
		if (!is_text)
			wanted = false;
		else if (!elsewhere && last && which != WHICH_OTHERS)
			tell_last(reporting, snapshot, wanted);
		else if (!elsewhere && wanted)
			tell(reporting, snapshot, last);
		model_destroy(snapshot);
	}
	reader_destroy(reader);
	if (stream)
		fclose(stream);
}

static void tell_range(struct reporting *reporting, const struct snapshot_file *file, off_t begin,
		       off_t end, enum which which)
{
	void *text = MAP_FAILED;
	long page = sysconf(_SC_PAGESIZE);
	off_t from = begin - begin % page;

	if (end <= begin)
		return;
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0)
		text = mmap(NULL, (size_t)(end - from), PROT_READ, MAP_PRIVATE, fd, from);
	if (text == MAP_FAILED)
		trouble(reporting, file->path, errno);
	else
		tell_text(reporting, (char *)text + (begin - from), (size_t)(end - begin),
			  file->path, true, which);
	if (text != MAP_FAILED)
		munmap(text, (size_t)(end - from));
	if (fd >= 0)
		close(fd);
}

/* Reports the snapshots that could not be written to files. */
static void tell_roster(struct reporting *reporting)
{
	const struct run_roster *roster = reporting->report->roster;

	for (size_t i = 0; roster && i < roster_end(roster->header); i++) {
		const struct roster_record *record = &roster->header->records[i];
		size_t length;

		if (atomic_load(&record->state) == ROSTER_FREE || !atomic_load(&record->first))
			continue;
		char *text = run_roster_text(roster, record, &length);
		if (!text)
			trouble(reporting, "a snapshot", ENOMEM);
		else if (length)
			tell_text(reporting, text, length, "a snapshot in memory", false,
				  WHICH_ALL);
		free(text);
	}
}

/* Names the processes that aren't known. Limits can't be checked for them. */
static void tell_unknown(struct reporting *reporting)
{
	const struct run_report *report = reporting->report;
	bool limited = limits_any(&report->limits);
	struct run_unknown unknown = {
		.roster = report->roster,
		.with_alive = limited,
		.kept = report->kept,
		.at_exit = report->at_exit,
		.main = report->life.pid,
		.signal = WIFSIGNALED(report->status) ? WTERMSIG(report->status) : 0,
	};
	char *text = NULL;
	size_t length = 0;
	FILE *memory = report->roster ? open_memstream(&text, &length) : NULL;

	if (!memory)
		return;
	size_t count = run_unknown_print(&unknown, memory);
	fclose(memory);
	if (length)
		set_apart(reporting);
	put(reporting, text, length);
	free(text);
	if (!count || !limited)
		return;
	LINE(line, LINE_SHORT);
	line_add(&line, count == 1 ? "can't check the limits of a process that isn't known"
				   : "can't check the limits of processes that aren't known");
	tell_line(reporting, line.text);
	worsen(reporting, RUN_REPORT_UNKNOWN);
}

/* Begins a report. progress: show progress on the terminal, which belongs to the program while that
 * runs. False: no memory, and a line says so. */
static bool reporting_begin(struct reporting *reporting, struct run_report *report, bool progress)
{
	const struct symbolize_options names = {
		.debug_dirs = report->view.debug_dirs,
		.progress = progress ? progress_step : NULL,
		.data = &reporting->progress,
	};
	FILE *target = fdopen(fcntl(report->output, F_DUPFD_CLOEXEC, 3), "w");

	*reporting = (struct reporting){
		.report = report,
		.symbolizer = symbolizer_create(&names),
		.any = report->told,
	};
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* to wait for children */
	progress_begin(&reporting->progress, "fdtrail run");
	reporting->options = view_for(&report->view, target ? target : stderr);
	if (target)
		fclose(target);
	if (report->show && strcmp(report->show, "all") == 0)
		reporting->options.show = REPORT_SHOW_ALL;
	else if (report->show && strcmp(report->show, "auto") != 0)
		reporting->options.show = atoi(report->show);
	if (reporting->symbolizer)
		return true;
	trouble(reporting, "the snapshots", ENOMEM);
	return false;
}

enum run_report_result run_report_news(struct run_report *report)
{
	struct reporting reporting;

	if (!reporting_begin(&reporting, report, false))
		return reporting.result;
	for (size_t i = 0; i < report->files.count; i++) {
		const struct snapshot_file *file = &report->files.files[i];
		tell_range(&reporting, file, file->shown, file->whole, WHICH_OTHERS);
	}
	symbolizer_destroy(reporting.symbolizer);
	return reporting.result;
}

static void print_suppressions(struct reporting *reporting)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		return;
	suppressions_print(reporting->report->suppressions.suppressions, memory);
	fclose(memory);
	put(reporting, text, length);
	free(text);
}

/* Writes the document of a format that is not text. What isn't known about processes becomes a
 * result, too. */
static void tell_results(struct reporting *reporting)
{
	char *lines = NULL, *text = NULL;
	size_t length = 0;

	reporting->part = open_memstream(&lines, &length);
	if (!reporting->part) {
		trouble(reporting, "the results", errno);
		return;
	}
	tell_notes(reporting);
	tell_unknown(reporting);
	fclose(reporting->part);
	reporting->part = NULL;
	if (length)
		run_results_add_unknown(&reporting->results, lines);
	else
		free(lines);
	text = run_results_take(&reporting->results, reporting->report->format, &length);
	if (text)
		put(reporting, text, length);
	else
		trouble(reporting, "the results", ENOMEM);
	free(text);
}

enum run_report_result run_report_end(struct run_report *report)
{
	struct reporting reporting;

	if (!reporting_begin(&reporting, report, true))
		return reporting.result;
	reporting.order = run_order_create(&report->life,
					   !report->view.full && !report->suppressions.generate);
	for (size_t i = 0; i < report->files.count; i++) {
		const struct snapshot_file *file = &report->files.files[i];
		struct stat status;

		if (stat(file->path, &status) < 0)
			continue;
		tell_range(&reporting, file, file->begin, file->shown, WHICH_LAST);
		tell_range(&reporting, file, file->shown, status.st_size, WHICH_ALL);
	}
	tell_roster(&reporting);
	run_order_tell(reporting.order, put_in_order, &reporting);
	run_order_destroy(reporting.order);
	if (report->format->write) {
		tell_results(&reporting);
		symbolizer_destroy(reporting.symbolizer);
		return reporting.result;
	}
	tell_notes(&reporting);
	tell_unknown(&reporting);
	if (report->suppressions.print)
		print_suppressions(&reporting);
	if (!reporting.any && report->verbose && reporting.result == RUN_REPORT_CLEAN)
		tell_line(&reporting, "nothing was left open");
	symbolizer_destroy(reporting.symbolizer);
	return reporting.result;
}
