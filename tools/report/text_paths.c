// SPDX-License-Identifier: MIT
/* See text_paths.h. */
#include "text_paths.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/stack_lines.h"
#include "tools/model/model_memory.h"
#include "findings.h"
#include "heading.h"
#include "stack_keys.h"

enum {
	INDENT = 3,
	LIST_INDENT = 5,
	CONTINUED = 4,
	SHOWN = 5, /* paths */
	LINES = 3, /* of a path */
};

/* A line of the list: one path, or several that a reader can't tell apart. */
struct path_line {
	char *text;               /* "by <module> at main.py:8" */
	struct model_group total; /* only its figures count */
};

static void put_figures(FILE *out, const struct model_group *path)
{
	const char *between = " (";

	if (path->has_growth && path->growth) {
		fprintf(out, "%s%+" PRId64 " since the last snapshot", between, path->growth);
		between = "; ";
	}
	if (path->opened != MODEL_UNKNOWN && path->closed != MODEL_UNKNOWN) {
		fprintf(out, "%sopened %" PRId64 ", closed %" PRId64, between, path->opened,
			path->closed);
		between = "; ";
	}
	if (*between == ';')
		fputc(')', out);
}

/* The lines by which a path differs from the others. */
static char *path_text(const struct page *page, const struct stack_key *key, size_t first,
		       size_t at_end)
{
	size_t end = key->own_count > at_end ? key->own_count - at_end : 0, size, put = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = first; i < end && put < LINES; i++, put++) {
		char *line = heading_frame_line(page, key->own[i].frame, key->own[i].location);

		fprintf(out, "%s%s", put ? ", from " : "by ", line);
		free(line);
	}
	if (first + put < end)
		fputs(", from ...", out);
	if (!put)
		fputs(first ? "by no other line of the program" : "inside libraries", out);
	fclose(out);
	return text;
}

static void put_line(const struct page *page, const struct path_line *line)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	fprintf(out, "%" PRId64 " %s", line->total.count, line->text);
	put_figures(out, &line->total);
	fclose(out);
	page_line(page, LIST_INDENT, CONTINUED, PAGE_PLAIN, text);
	free(text);
}

static int compare_texts(const void *left, const void *right)
{
	const struct path_line *a = left, *b = right;
	int order = strcmp(a->text, b->text);

	return order ? order
		     : (a->total.number > b->total.number) - (a->total.number < b->total.number);
}

/* The most descriptors first; then in the order of the paths. */
static int compare_lines(const void *left, const void *right)
{
	const struct path_line *a = left, *b = right;

	if (a->total.count != b->total.count)
		return a->total.count > b->total.count ? -1 : 1;
	return (a->total.number > b->total.number) - (a->total.number < b->total.number);
}

/* Cuts off the wrappers that the culprit has called. */
static struct stack_key from_culprit(struct stack_key key, const struct model_group *path)
{
	for (size_t i = 0; i < key.own_count; i++)
		if (key.own[i].frame == path->culprit &&
		    key.own[i].location == path->culprit_location) {
			key.own += i;
			key.own_count -= i;
			break;
		}
	return key;
}

/* Joins lines with equal texts. Returns how many are left. */
static size_t join_equal(struct path_line *lines, size_t count)
{
	size_t kept = 0;

	qsort(lines, count, sizeof(*lines), compare_texts);
	for (size_t i = 0; i < count; i++) {
		struct path_line *last = kept ? &lines[kept - 1] : NULL;

		if (!last || strcmp(last->text, lines[i].text) != 0) {
			lines[kept++] = lines[i];
			continue;
		}
		last->total.count = model_add(last->total.count, lines[i].total.count);
		findings_add_figures(&last->total, &lines[i].total);
		free(lines[i].text);
	}
	return kept;
}

/* Makes the lines of all paths; paths with equal texts share one. *lines: one for each path or
 * fewer, freed by the caller like their texts. Returns how many. */
static size_t make_lines(const struct page *page, const struct model_group *group,
			 struct path_line **lines)
{
	struct stack_keys *numbers = stack_keys_create(false);
	struct stack_key *keys = memory_array(NULL, group->path_count, sizeof(*keys));
	size_t count = 0;

	*lines = memory_array(NULL, group->path_count, sizeof(**lines));
	for (size_t i = 0; i < group->path_count; i++)
		keys[i] = from_culprit(stack_keys_of(numbers, group_stack(&group->paths[i])),
				       &group->paths[i]);
	size_t first = stack_keys_common(keys, group->path_count, false);
	size_t at_end = stack_keys_common(keys, group->path_count, true);

	for (size_t i = 0; i < group->path_count; i++) {
		char *text = path_text(page, &keys[i], first, at_end);

		if (text)
			(*lines)[count++] =
				(struct path_line){.text = text, .total = group->paths[i]};
	}
	count = join_equal(*lines, count);
	qsort(*lines, count, sizeof(**lines), compare_lines);
	free(keys);
	stack_keys_destroy(numbers);
	return count;
}

void text_paths(const struct page *page, const struct model_group *group,
		const struct report_options *options)
{
	struct path_line *lines;
	size_t count, shown;

	if (group->path_count < 2)
		return;
	count = shown = make_lines(page, group, &lines);
	/* Showing one more path is shorter than a line that says it is left out. */
	if (!options->full && !options->all_stacks && count > SHOWN + 1)
		shown = SHOWN;
	if (count > 1) {
		page_linef(page, INDENT, 0, PAGE_PLAIN, "by %zu call paths:", count);
		for (size_t i = 0; i < shown; i++)
			put_line(page, &lines[i]);
		if (shown < count)
			page_linef(page, LIST_INDENT, CONTINUED, PAGE_FAINT,
				   "and %zu more paths (--full)", count - shown);
	}
	for (size_t i = 0; i < count; i++)
		free(lines[i].text);
	free(lines);
}
