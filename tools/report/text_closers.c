// SPDX-License-Identifier: MIT
/* See text_closers.h. */
#include "text_closers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "heading.h"
#include "stack_keys.h"
#include "text_stack.h"
#include "tools/model/model_memory.h"

enum {
	INDENT = 3,
	LIST_INDENT = 5,
	CONTINUED = 4,
	SHOWN = 5,     /* closers */
	LINES = 3,     /* of a closer */
	LINES_ONE = 2, /* of a closer if there is no other one to tell it from */
};

/* A line of the list: one closing stack, or several that a reader can't tell apart. */
struct closer_line {
	char *text;
	int64_t count, old; /* old: in an older snapshot, if two are compared */
	size_t position;
};

/* "in close_connection at client.c:88, from finish_request at client.c:140": from the innermost
 * line of the program up to the one by which the stacks differ. */
static char *closer_text(const struct page *page, const struct model_stack *stack,
			 const struct stack_key *key, size_t at_end)
{
	size_t end = key->own_count > at_end ? key->own_count - at_end : 0, size;
	char *text = NULL;
	FILE *out;

	if (end < LINES_ONE)
		end = key->own_count < LINES_ONE ? key->own_count : LINES_ONE;
	if (end > LINES)
		end = LINES;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < end; i++) {
		char *line = heading_frame_line(page, key->own[i].frame, key->own[i].location);

		fprintf(out, "%s%s", i ? ", from " : "in ", line);
		free(line);
	}
	if (!end && stack->frame_count) {
		char *line = heading_frame_line(page, &stack->frames[0], 0);

		fprintf(out, "in %s", line);
		free(line);
	} else if (!end) {
		fputs("at an unknown place", out);
	}
	fclose(out);
	return text;
}

static int compare_texts(const void *left, const void *right)
{
	const struct closer_line *a = left, *b = right;
	int order = strcmp(a->text, b->text);

	return order ? order : (a->position > b->position) - (a->position < b->position);
}

/* The most frequent first; of two snapshots, in either. */
static int compare_lines(const void *left, const void *right)
{
	const struct closer_line *a = left, *b = right;
	int64_t a_most = a->old > a->count ? a->old : a->count;
	int64_t b_most = b->old > b->count ? b->old : b->count;

	if (a_most != b_most)
		return a_most > b_most ? -1 : 1;
	return (a->position > b->position) - (a->position < b->position);
}

/* Makes the lines of all closers, of which the first old_count are of an older snapshot; those with
 * equal texts share one. Returns how many. */
static size_t make_lines(const struct page *page, const struct model_stack *closers,
			 size_t closer_count, size_t old_count, struct closer_line *lines)
{
	struct stack_keys *numbers = stack_keys_create(false);
	struct stack_key *keys = memory_array(NULL, closer_count, sizeof(*keys));
	size_t count = 0, kept = 0, at_end;

	for (size_t i = 0; i < closer_count; i++)
		keys[i] = stack_keys_of(numbers, &closers[i]);
	at_end = closer_count ? stack_keys_common(keys, closer_count, true) : 0;
	for (size_t i = 0; i < closer_count; i++) {
		char *text = closer_text(page, &closers[i], &keys[i], at_end);
		struct closer_line line = {.text = text, .position = i};

		*(i < old_count ? &line.old : &line.count) = closers[i].closed;
		if (text)
			lines[count++] = line;
	}
	qsort(lines, count, sizeof(*lines), compare_texts);
	for (size_t i = 0; i < count; i++) {
		if (kept && strcmp(lines[kept - 1].text, lines[i].text) == 0) {
			lines[kept - 1].count = model_add(lines[kept - 1].count, lines[i].count);
			lines[kept - 1].old = model_add(lines[kept - 1].old, lines[i].old);
			free(lines[i].text);
		} else {
			lines[kept++] = lines[i];
		}
	}
	qsort(lines, kept, sizeof(*lines), compare_lines);
	free(keys);
	stack_keys_destroy(numbers);
	return kept;
}

static void put_elsewhere(const struct page *page, const struct model_group *group, int columns)
{
	__typeof__(group->closed_elsewhere) elsewhere = group->closed_elsewhere;

	if (elsewhere.others)
		page_linef(page, LIST_INDENT, CONTINUED, PAGE_FAINT,
			   "%*" PRId64 " at %" PRId64 " other %s (FDTRAIL_CLOSERS=64 lists more)",
			   columns, elsewhere.others, elsewhere.other_stacks,
			   page_plural(elsewhere.other_stacks, "stack", "stacks"));
	if (elsewhere.untraced)
		page_linef(page, LIST_INDENT, CONTINUED, PAGE_PLAIN, "%*" PRId64 " by %s", columns,
			   elsewhere.untraced,
			   page_plural(elsewhere.untraced, "an untraced call", "untraced calls"));
	if (elsewhere.unknown)
		page_linef(page, LIST_INDENT, CONTINUED, PAGE_PLAIN, "%*" PRId64 " at %s", columns,
			   elsewhere.unknown,
			   page_plural(elsewhere.unknown, "an unknown place", "unknown places"));
}

/* The columns that the counts of these lines need. */
static int count_columns(const struct model_group *group, const struct closer_line *lines,
			 size_t count)
{
	__typeof__(group->closed_elsewhere) elsewhere = group->closed_elsewhere;
	int64_t counts[] = {count ? lines[0].count : 0, elsewhere.others, elsewhere.untraced,
			    elsewhere.unknown};
	int columns = 0;

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		int needed = snprintf(NULL, 0, "%" PRId64, counts[i]);

		columns = needed > columns ? needed : columns;
	}
	return columns;
}

/* How many of the lines to show: one more is shorter than a line that says it is left out. */
static size_t shown_of(size_t count)
{
	return count > SHOWN + 1 ? SHOWN : count;
}

static void put_left_out(const struct page *page, size_t count)
{
	if (count)
		page_linef(page, LIST_INDENT, CONTINUED, PAGE_FAINT,
			   "and at %zu more places (--full)", count);
}

static void put_lines(const struct page *page, const struct model_group *group)
{
	struct closer_line *lines = memory_array(NULL, group->closer_count, sizeof(*lines));
	size_t count = make_lines(page, group->closers, group->closer_count, 0, lines),
	       shown = shown_of(count);
	int columns = count_columns(group, lines, count);

	for (size_t i = 0; i < shown; i++)
		page_linef(page, LIST_INDENT, CONTINUED, PAGE_PLAIN, "%*" PRId64 " %s", columns,
			   lines[i].count, lines[i].text);
	put_left_out(page, count - shown);
	put_elsewhere(page, group, columns);
	for (size_t i = 0; i < count; i++)
		free(lines[i].text);
	free(lines);
}

static void put_stacks(const struct page *page, const struct model_group *group,
		       const struct report_options *options)
{
	for (size_t i = 0; i < group->closer_count; i++) {
		char *heading = page_format("closed at (%" PRId64 " of %" PRId64 ")",
					    group->closers[i].closed, group->closed);

		text_stack(page, heading, &group->closers[i], NULL, text_frames_of(options));
		free(heading);
	}
	put_elsewhere(page, group, 0);
}

/* The program closes most of what it opens there, and every close is known. */
static bool tells_the_path(const struct model_group *group)
{
	return group->closer_count && group->live > 0 && group->closed / 3 >= group->live &&
	       !group->closed_elsewhere.untraced && !group->closed_elsewhere.unknown;
}

void text_closers(const struct page *page, const struct model_group *group,
		  struct text_given *given, const struct report_options *options)
{
	const __typeof__(group->closed_elsewhere) *elsewhere = &group->closed_elsewhere;

	/* Only a tracer that doesn't stop at closes knows no more than a peak's upper bound. */
	if (group->peak_at_most && group->closed > 0 && !given->closes_unseen) {
		given->closes_unseen = true;
		page_prosef(page, INDENT, 0, PAGE_PLAIN,
			    "Nobody knows where the other %" PRId64 " %s closed: ptrace doesn't "
			    "stop at close().",
			    group->closed, page_plural(group->closed, "was", "were"));
	}
	if (!group->closer_count && !elsewhere->untraced)
		return;
	/* The line with the counts may be lost. */
	if (group->opened == MODEL_UNKNOWN || group->closed == MODEL_UNKNOWN)
		page_line(page, INDENT, 0, PAGE_PLAIN, "closed:");
	else
		page_linef(page, INDENT, 0, PAGE_PLAIN,
			   "%" PRId64 " of %" PRId64 " %s closed:", group->closed, group->opened,
			   page_plural(group->closed, "is", "are"));
	if (options->full)
		put_stacks(page, group, options);
	else
		put_lines(page, group);
	if (!tells_the_path(group) || given->closers)
		return;
	given->closers = true;
	page_prosef(page, INDENT, 0, PAGE_PLAIN,
		    "%s still open %s reached none of these closes so far. Look for the path from "
		    "the open that doesn't lead to one of them.",
		    group->live == 1 ? "The one" : "Those", group->live == 1 ? "has" : "have");
}

/* Whether every close has a place in the list, so that a stack that it lacks has closed nothing. */
static bool lists_all(const struct model_group *group)
{
	int64_t sum = 0;

	for (size_t i = 0; i < group->closer_count; i++)
		sum = model_add(sum, group->closers[i].closed);
	return sum == group->closed;
}

/* "898 -> 1796"; "?": not known, because the list is not complete. */
static char *change_text(const struct closer_line *line, bool old_known, bool new_known)
{
	char *old = line->old || old_known ? page_format("%" PRId64, line->old) : page_format("?");
	char *new =
		line->count || new_known ? page_format("%" PRId64, line->count) : page_format("?");
	char *text = page_format("%s -> %s", old, new);

	free(old);
	free(new);
	return text;
}

void text_closers_compared(const struct page *page, const struct model_group *old,
			   const struct model_group *new, const struct report_options *options)
{
	size_t total = old->closer_count + new->closer_count;
	struct model_stack *closers = memory_array(NULL, total, sizeof(*closers));
	struct closer_line *lines = memory_array(NULL, total, sizeof(*lines));
	size_t count, shown;

	for (size_t i = 0; i < total; i++)
		closers[i] = i < old->closer_count ? old->closers[i]
						   : new->closers[i - old->closer_count];
	count = make_lines(page, closers, total, old->closer_count, lines);
	shown = options->full ? count : shown_of(count);
	if (count)
		page_line(page, INDENT, 0, PAGE_PLAIN, "closed at (old -> new):");
	for (size_t i = 0; i < shown; i++) {
		char *change = change_text(&lines[i], lists_all(old), lists_all(new));

		page_linef(page, LIST_INDENT, CONTINUED, PAGE_PLAIN, "%s %s", change,
			   lines[i].text);
		free(change);
	}
	put_left_out(page, count - shown);
	for (size_t i = 0; i < count; i++)
		free(lines[i].text);
	free(lines);
	free(closers);
}
