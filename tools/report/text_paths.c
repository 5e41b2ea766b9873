// SPDX-License-Identifier: MIT
/* See text_paths.h. */
#include "text_paths.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tools/model/stack_lines.h"
#include "tools/model/model_memory.h"
#include "heading.h"
#include "stack_keys.h"

enum {
	INDENT = 3,
	LIST_INDENT = 5,
	CONTINUED = 4,
	SHOWN = 5, /* paths */
	LINES = 3, /* of a path */
};

static int line_at(const struct stack_key *key, size_t depth)
{
	return depth < key->own_count ? key->own[depth].line : -1;
}

static int line_from_end(const struct stack_key *key, size_t depth)
{
	return depth < key->own_count ? key->own[key->own_count - 1 - depth].line : -1;
}

/* The number of lines that all paths have in common, counted from one end. */
static size_t common(const struct stack_key *keys, size_t count,
		     int (*line)(const struct stack_key *, size_t))
{
	for (size_t depth = 0;; depth++)
		for (size_t i = 0; i < count; i++)
			if (line(&keys[i], depth) < 0 ||
			    line(&keys[i], depth) != line(&keys[0], depth))
				return depth;
}

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

static void put_path(const struct page *page, const struct model_group *path,
		     const struct stack_key *key, size_t first, size_t at_end)
{
	size_t end = key->own_count > at_end ? key->own_count - at_end : 0, size, put = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	fprintf(out, "%" PRId64, path->count);
	for (size_t i = first; i < end && put < LINES; i++, put++) {
		char *line = heading_frame_line(page, key->own[i].frame, key->own[i].location);

		fprintf(out, "%s%s", put ? ", from " : " by ", line);
		free(line);
	}
	if (first + put < end)
		fputs(", from ...", out);
	if (!put)
		fputs(first ? " by no other line of the program" : " inside libraries", out);
	put_figures(out, path);
	fclose(out);
	page_line(page, LIST_INDENT, CONTINUED, PAGE_PLAIN, text);
	free(text);
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

void text_paths(const struct page *page, const struct model_group *group,
		const struct report_options *options)
{
	size_t count = group->path_count, shown = count;
	struct stack_keys *numbers;
	struct stack_key *keys;

	if (count < 2)
		return;
	/* Showing one more path is shorter than a line that says it is left out. */
	if (!options->full && count > SHOWN + 1)
		shown = SHOWN;
	numbers = stack_keys_create(false);
	keys = memory_array(NULL, count, sizeof(*keys));
	for (size_t i = 0; i < count; i++)
		keys[i] = from_culprit(stack_keys_of(numbers, group_stack(&group->paths[i])),
				       &group->paths[i]);
	size_t first = common(keys, count, line_at), at_end = common(keys, count, line_from_end);

	page_linef(page, INDENT, 0, PAGE_PLAIN, "by %zu call paths:", count);
	for (size_t i = 0; i < shown; i++)
		put_path(page, &group->paths[i], &keys[i], first, at_end);
	if (shown < count)
		page_linef(page, LIST_INDENT, CONTINUED, PAGE_FAINT, "and %zu more paths (--full)",
			   count - shown);
	free(keys);
	stack_keys_destroy(numbers);
}
