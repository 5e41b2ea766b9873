// SPDX-License-Identifier: MIT
/* See baseline.h. */
#include "baseline.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/export/folded.h"
#include "tools/model/escape.h"
#include "tools/model/model_memory.h"
#include "tools/reader/lines.h"

struct baseline_stack {
	char *text;
	int64_t count;
};

static int compare(const void *left, const void *right)
{
	const struct baseline_stack *a = left, *b = right;

	return strcmp(a->text, b->text);
}

/* Sorts stacks, and joins equal ones. Returns their number. */
static size_t sort(struct baseline_stack *stacks, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(stacks, count, sizeof(*stacks), compare);
	for (size_t i = 0; i < count; i++) {
		if (kept && compare(&stacks[kept - 1], &stacks[i]) == 0) {
			stacks[kept - 1].count = model_add(stacks[kept - 1].count, stacks[i].count);
			free(stacks[i].text);
		} else {
			stacks[kept++] = stacks[i];
		}
	}
	return kept;
}

/* Adds "STACK COUNT". Returns false if the line is something else. */
static bool add(struct list *list, char *line)
{
	char *blank = strrchr(line, ' '), *end;

	if (!blank || blank == line || !isdigit((unsigned char)blank[1]))
		return false;
	errno = 0;
	long long count = strtoll(blank + 1, &end, 10);
	if (errno || *end)
		return false;
	*blank = '\0';
	*(struct baseline_stack *)list_add(list, sizeof(struct baseline_stack)) =
		(struct baseline_stack){strdup(line), count};
	return true;
}

bool baseline_read(struct baseline *baseline, const char *path, const char *prefix)
{
	struct lines lines = {.file = fopen(path, "re")};
	struct list list = {baseline->stacks, baseline->count, baseline->count};
	int error = lines.file ? 0 : errno;
	bool wrong = false;

	while (!error && !wrong && lines_next(&lines))
		wrong = lines.unusable || (lines.length && !add(&list, lines.buffer));
	error = error ? error : lines.error;
	if (error || wrong) {
		fprintf(stderr, "%scan't read the baseline in ", prefix);
		escape_put_word(stderr, path);
		if (error)
			fprintf(stderr, ": %s\n", strerror(error));
		else
			fprintf(stderr,
				": line %zu is not a stack and a number, as `fdtrail report "
				"--format=folded` writes them\n",
				lines.number);
	}
	if (lines.file)
		fclose(lines.file);
	lines_finish(&lines);
	baseline->stacks = list.items;
	baseline->count = sort(list.items, list.count);
	return !error && !wrong;
}

static char *stack_text(const struct model_snapshot *snapshot, const struct model_group *group,
			bool collapse)
{
	const struct export_options options = {.collapse_runtime = collapse};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	folded_write_stack(snapshot, group, &options, out);
	fclose(out);
	return text;
}

/* Marks the groups whose stacks, written in that way, have no more descriptors than in the
 * baseline. */
static void apply(const struct baseline *baseline, struct model_snapshot *snapshot, bool collapse)
{
	size_t count = snapshot->group_count, kept = 0;
	char **texts = memory_array(NULL, count, sizeof(*texts));
	struct baseline_stack *sums = memory_array(NULL, count, sizeof(*sums));

	for (size_t i = 0; i < count; i++) {
		texts[i] = stack_text(snapshot, &snapshot->groups[i], collapse);
		if (texts[i])
			sums[kept++] = (struct baseline_stack){strdup(texts[i]),
							       snapshot->groups[i].count};
	}
	kept = sort(sums, kept);
	for (size_t i = 0; i < count; i++) {
		const struct baseline_stack wanted = {.text = texts[i]};
		const struct baseline_stack *before = NULL, *now = NULL;

		if (texts[i]) {
			before = bsearch(&wanted, baseline->stacks, baseline->count, sizeof(wanted),
					 compare);
			now = bsearch(&wanted, sums, kept, sizeof(wanted), compare);
		}
		if (before && now && now->count <= before->count)
			snapshot->groups[i].suppressed = true;
		free(texts[i]);
	}
	for (size_t i = 0; i < kept; i++)
		free(sums[i].text);
	free(sums);
	free(texts);
}

void baseline_apply(const struct baseline *baseline, struct model_snapshot *snapshot)
{
	if (!baseline->count)
		return;
	/* The file may have been written with --collapse-runtime or without. */
	apply(baseline, snapshot, false);
	apply(baseline, snapshot, true);
}

void baseline_finish(struct baseline *baseline)
{
	for (size_t i = 0; i < baseline->count; i++)
		free(baseline->stacks[i].text);
	free(baseline->stacks);
	*baseline = (struct baseline){0};
}
