// SPDX-License-Identifier: MIT
/*
 * See report.h. Calm and short: a fact appears once, advice stands beside the group that it is
 * about, and what is missing comes at the end.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/model/stack_lines.h"
#include "heading.h"
#include "page.h"
#include "report.h"
#include "stack_keys.h"
#include "text_advice.h"
#include "text_closers.h"
#include "text_common.h"
#include "text_missing.h"
#include "text_misuses.h"
#include "text_note.h"
#include "text_paths.h"
#include "text_peaks.h"
#include "text_stack.h"
#include "text_state.h"
#include "text_summary.h"
#include "text_tests.h"

enum {
	INDENT = 3,      /* of a group's lines */
	LIST_INDENT = 5, /* of its descriptors */
	CONTINUED = 2,   /* extra indent of continuation lines */
	SHOW_DEFAULT = 5,
};

struct report_options report_options_for(FILE *file)
{
	struct report_options options = {.show = SHOW_DEFAULT};
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
	struct winsize size;
	int fd = fileno(file);

	if (fd < 0 || !isatty(fd))
		return options;
	/* no-color.org: any value except an empty string. */
	options.colour = !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0;
	options.width = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
	return options;
}

void report_source(FILE *file, const struct model_snapshot *snapshot,
		   const struct report_options *options)
{
	struct page page;
	char *source = page_safe(snapshot->source);

	page_open(&page, file, options->width, options->colour);
	page_linef(&page, 0, 0, PAGE_FAINT, "%s:%zu", source, snapshot->line);
	page_close(&page);
	free(source);
}

static void put_figures(const struct page *page, const struct model_group *group)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *between = "";

	if (!out)
		return;
	if (group->has_growth && group->growth) {
		fprintf(out, "%+" PRId64 " since the last snapshot", group->growth);
		between = "; ";
	}
	if (group->ages) {
		char *ages = page_safe_written(group->ages);

		fprintf(out, "%sage %s", between, ages);
		between = "; ";
		free(ages);
	}
	if (group->opened != MODEL_UNKNOWN && group->closed != MODEL_UNKNOWN)
		fprintf(out, "%s%s opened %" PRId64 " and closed %" PRId64, between,
			group->path_count > 1 ? "these stacks have" : "this stack has",
			group->opened, group->closed);
	/* Only if the peak is more than the number open now. */
	if (group->peak != MODEL_UNKNOWN && group->peak > group->live)
		fprintf(out, "; at most %" PRId64 " were open at once", group->peak);
	fclose(out);
	if (*text)
		page_line(page, INDENT, CONTINUED, PAGE_PLAIN, text);
	free(text);
}

static void put_reason(const struct page *page, const struct model_group *group,
		       struct text_given *given)
{
	if (!group->reason || group->origin == MODEL_UNTRACED || given->unseen)
		return;
	char *reason = page_safe(group->reason);

	given->unseen = true;
	page_prosef(page, INDENT, 0, PAGE_PLAIN, "No stack: %s.", reason);
	free(reason);
}

static void put_descriptors(const struct page *page, const struct model_group *group, int show)
{
	size_t shown = group->descriptor_count;

	if (show != REPORT_SHOW_ALL && (size_t)show < shown)
		shown = (size_t)show;
	if (shown)
		page_line(page, INDENT, 0, PAGE_PLAIN, "descriptors:");
	for (size_t i = 0; i < shown; i++) {
		const struct model_descriptor *descriptor = &group->descriptors[i];
		char *text = page_safe_written(descriptor->text ? descriptor->text : "");

		page_linef(page, LIST_INDENT, 2 * CONTINUED, PAGE_PLAIN, "%" PRId64 " %s%s%s",
			   descriptor->fd, kind_name(descriptor->kind),
			   *text && *text != ',' ? " " : "", text);
		free(text);
	}
	int64_t rest = group->count - (int64_t)shown;
	if (rest <= 0)
		return;
	if (shown < group->descriptor_count)
		page_linef(page, LIST_INDENT, CONTINUED, PAGE_FAINT,
			   "and %" PRId64 " more (--show=all)", rest);
	else
		page_linef(page, LIST_INDENT, CONTINUED, PAGE_FAINT,
			   "and %" PRId64 " more, which are not in the snapshot (FDTRAIL_SHOW=all)",
			   rest);
}

/* How many descriptors of a finding have a stack with the same lines as this one. All descriptors
 * of a path share the stack that made the finding; the opener of a connection may differ. */
static int64_t count_like(const struct model_group *group, const struct model_stack *stack)
{
	struct stack_keys *keys;
	int64_t count = 0;
	int path;

	if (group->part_count < 2 || stack == group_stack(group) ||
	    stack->role == MODEL_CONNECTED_AT)
		return group->count;
	keys = stack_keys_create(false);
	path = stack_keys_of(keys, stack).path;
	for (size_t i = 0; i < group->part_count; i++) {
		const struct model_stack *other = model_stack(group->parts[i], stack->role);

		if (other && stack_keys_of(keys, other).path == path)
			count = model_add(count, group->parts[i]->count);
	}
	stack_keys_destroy(keys);
	return count;
}

/* Writes the stacks of one role. of: the number of descriptors, of which some have the stack. */
static void put_stacks(const struct page *page, const struct model_group *group,
		       enum model_stack_role role, bool mark, int64_t of,
		       const struct report_options *options)
{
	static const char *const headings[] = {
		[MODEL_OPENED_AT] = "opened at",
		[MODEL_CONNECTED_AT] = "connected at",
		[MODEL_LAST_USED_AT] = "last used at",
	};

	for (size_t i = 0; i < group->stack_count; i++) {
		char *heading;

		if (group->stacks[i].role != role)
			continue;
		int64_t count = count_like(group, &group->stacks[i]);
		const char *words = role == MODEL_OPENED_AT && group->accepted ? "accepted at"
				    : group->stacks[i].http ? "last HTTP request by"
							    : headings[role];
		heading =
			of == count || group->stacks[i].share
				? page_format("%s", words)
				: page_format("%s (%" PRId64 " of %" PRId64 ")", words, count, of);
		text_stack(page, heading, &group->stacks[i], mark ? group : NULL,
			   text_frames_of(options));
		free(heading);
	}
}

/* Writes the stack of the likely culprit first, then those that may be innocent. One mark a group:
 * where the leak is fixed. */
static void put_all_stacks(const struct page *page, const struct model_group *group, int64_t of,
			   const struct report_options *options)
{
	bool used = model_stack(group, MODEL_LAST_USED_AT) != NULL;

	put_stacks(page, group, MODEL_LAST_USED_AT, used, of, options);
	put_stacks(page, group, MODEL_OPENED_AT, !used, of, options);
	put_stacks(page, group, MODEL_CONNECTED_AT, false, of, options);
}

static void put_heading(const struct page *page, const struct model_group *group, bool number)
{
	char *heading = heading_of(page, group);
	char *before = number ? page_format("%" PRId64 ". ", group->number) : page_format("%s", "");

	page_linef(page, 0, INDENT, PAGE_STRONG, "%s%s%s", before, heading,
		   group->suppressed ? " (suppressed)" : "");
	free(before);
	free(heading);
}

/* Writes everything below the heading. */
static void put_group(const struct page *page, const struct model_group *group,
		      const struct report_options *options, struct text_given *given)
{
	put_figures(page, group);
	text_common(page, group);
	text_state(page, group);
	put_reason(page, group, given);
	text_advice(page, group, given);
	text_note(page, group);
	text_paths(page, group, options);
	text_tests_of(page, group);
	/* If wanted the stacks of all parts; else of the first path, which has the most
	 * descriptors. */
	if ((options->full || options->all_stacks) && group->part_count > 1)
		for (size_t i = 0; i < group->part_count; i++)
			put_all_stacks(page, group->parts[i], group->count, options);
	else if (group->path_count > 1)
		put_all_stacks(page, &group->paths[0], group->count, options);
	else
		put_all_stacks(page, group, group->count, options);
	text_closers(page, group, given, options);
	put_descriptors(page, group, options->show);
}

/* Writes the line about groups that are not shown. */
static void put_rest(const struct page *page, const struct model_snapshot *snapshot, size_t shown)
{
	int64_t count = 0;

	if (shown == snapshot->group_count)
		return;
	for (size_t i = shown; i < snapshot->group_count; i++)
		count = model_add(count, snapshot->groups[i].count);
	fputc('\n', page->file);
	page_linef(page, 0, CONTINUED, PAGE_FAINT,
		   "and %zu more groups with %" PRId64 " %s (--full)",
		   snapshot->group_count - shown, count,
		   page_plural(count, "descriptor", "descriptors"));
}

/* Writes what to do next if this snapshot alone is not enough. */
static void put_next(const struct page *page, const struct model_snapshot *snapshot)
{
	bool at_end = snapshot->end.kind != PROCESS_RUNS_ON;

	if (!snapshot->traced) {
		fputc('\n', page->file);
		page_prose(
			page, 0, 0, PAGE_PLAIN,
			"What to do: this process is not traced, so nobody knows which code opened "
			"these. Start it with `fdtrail run -- COMMAND` to see the stacks.");
	} else if (snapshot->number == 1 && text_summary_descriptors(snapshot) && !at_end) {
		fputc('\n', page->file);
		page_prose(page, 0, 0, PAGE_PLAIN,
			   "What to do: one snapshot can't tell a leak from what is kept open on "
			   "purpose. Take another one later: what grew in between is the leak.");
	}
}

void report_groups(FILE *file, const struct model_snapshot *snapshot,
		   const struct report_options *options)
{
	size_t shown = snapshot->group_count;
	struct text_given given = {0};
	struct page page;

	page_open(&page, file, options->width, options->colour);
	/* Showing one more group is shorter than a line that says it is left out. */
	if (!options->full && snapshot->group_count > REPORT_GROUPS + 1)
		shown = REPORT_GROUPS;
	for (size_t i = 0; i < shown; i++) {
		fputc('\n', file);
		put_heading(&page, &snapshot->groups[i], true);
		put_group(&page, &snapshot->groups[i], options, &given);
	}
	put_rest(&page, snapshot, shown);
	page_close(&page);
	report_notes(file, snapshot, options);
}

void report_group(FILE *file, const struct model_group *group, bool numbered,
		  const struct report_options *options)
{
	struct text_given given = {0};
	struct page page;

	page_open(&page, file, options->width, options->colour);
	put_heading(&page, group, numbered);
	put_group(&page, group, options, &given);
	page_close(&page);
}

void report_notes(FILE *file, const struct model_snapshot *snapshot,
		  const struct report_options *options)
{
	struct page page;

	page_open(&page, file, options->width, options->colour);
	text_misuses(&page, snapshot, options);
	text_peaks(&page, snapshot, options->full);
	put_next(&page, snapshot);
	text_missing(&page, snapshot);
	page_close(&page);
}

void report_peaks(FILE *file, const struct model_snapshot *snapshot,
		  const struct report_options *options)
{
	struct page page;

	page_open(&page, file, options->width, options->colour);
	text_peaks(&page, snapshot, options->full);
	page_close(&page);
}

static void put_tests(FILE *file, const struct model_snapshot *snapshot,
		      const struct report_options *options)
{
	struct page page;

	page_open(&page, file, options->width, options->colour);
	text_tests(&page, snapshot);
	text_missing(&page, snapshot);
	page_close(&page);
}

void report_text(FILE *file, const struct model_snapshot *snapshot,
		 const struct report_options *options)
{
	report_summary(file, snapshot, options);
	if (options->per_test)
		put_tests(file, snapshot, options);
	else
		report_groups(file, snapshot, options);
}
