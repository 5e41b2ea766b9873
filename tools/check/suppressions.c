// SPDX-License-Identifier: MIT
/* See suppressions.h. */
#include "suppressions.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/base_name.h"
#include "tools/model/stack_lines.h"
#include "tools/model/escape.h"
#include "tools/reader/lines.h"
#include "tools/model/model_memory.h"
#include "tools/report/heading.h"
#include "baseline.h"
#include "pattern.h"

static const char keyword[] = "leak:";

struct suppression {
	char *pattern;
	int64_t groups, descriptors; /* that it has suppressed so far */
};

struct suppressions {
	struct list list; /* of struct suppression */
	struct baseline baseline;
	bool has_baseline;
};

struct suppressions *suppressions_create(void)
{
	struct suppressions *suppressions = memory_array(NULL, 1, sizeof(*suppressions));

	*suppressions = (struct suppressions){0};
	return suppressions;
}

static struct suppression *item(const struct suppressions *suppressions, size_t index)
{
	return (struct suppression *)suppressions->list.items + index;
}

void suppressions_destroy(struct suppressions *suppressions)
{
	if (!suppressions)
		return;
	for (size_t i = 0; i < suppressions->list.count; i++)
		free(item(suppressions, i)->pattern);
	list_finish(&suppressions->list);
	baseline_finish(&suppressions->baseline);
	free(suppressions);
}

bool suppressions_any(const struct suppressions *suppressions)
{
	return suppressions->list.count > 0 || suppressions->has_baseline;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Adds the suppression of a line. Returns false if the line is neither a suppression, a comment nor
 * empty. */
static bool add(struct suppressions *suppressions, const char *line, size_t length)
{
	struct suppression *added;

	while (length && is_blank(*line)) {
		line++;
		length--;
	}
	while (length && is_blank(line[length - 1]))
		length--;
	if (!length || *line == '#')
		return true;
	if (length <= strlen(keyword) || memcmp(line, keyword, strlen(keyword)) != 0)
		return false;
	added = list_add(&suppressions->list, sizeof(*added));
	length -= strlen(keyword);
	added->pattern = memory_array(NULL, length + 1, 1);
	memcpy(added->pattern, line + strlen(keyword), length);
	added->pattern[length] = '\0';
	return true;
}

bool suppressions_read(struct suppressions *suppressions, const char *path, const char *prefix)
{
	struct lines lines = {.file = fopen(path, "re")};
	const char *wrong = NULL;
	int error = lines.file ? 0 : errno;

	while (!error && !wrong && lines_next(&lines))
		if (lines.unusable || !add(suppressions, lines.buffer, lines.length))
			wrong = "is not of the form 'leak:PATTERN'";
	error = error ? error : lines.error;
	if (error) {
		fprintf(stderr, "%scan't read the suppressions in ", prefix);
		escape_put_word(stderr, path);
		fprintf(stderr, ": %s\n", strerror(error));
	} else if (wrong) {
		fprintf(stderr, "%sline %zu of ", prefix, lines.number);
		escape_put_word(stderr, path);
		fprintf(stderr, " %s\n", wrong);
	}
	if (lines.file)
		fclose(lines.file);
	lines_finish(&lines);
	return !error && !wrong;
}

static bool matches(const char *pattern, const char *text)
{
	return text && pattern_matches(pattern, text);
}

/* "client.py:leaky_fetch": functions of an interpreted language often have the same name in several
 * files. */
static bool matches_place(const char *pattern, const struct model_frame *frame)
{
	const char *file = frame->locations[0].file;
	char *place = NULL;
	bool found;

	if (!file || asprintf(&place, "%s:%s", file, frame->function) < 0)
		return false;
	found = pattern_matches(pattern, place);
	free(place);
	return found;
}

static bool matches_frame(const char *pattern, const struct model_frame *frame)
{
	if (matches(pattern, frame->function) || matches(pattern, frame->module))
		return true;
	if (frame->language && matches_place(pattern, frame))
		return true;
	for (size_t i = 0; i < frame->location_count; i++)
		if (matches(pattern, frame->locations[i].function) ||
		    matches(pattern, frame->locations[i].file))
			return true;
	return false;
}

static bool matches_stack(const char *pattern, const struct model_stack *stack)
{
	for (; stack; stack = stack->created_by)
		for (size_t i = 0; i < stack->frame_count; i++)
			if (matches_frame(pattern, &stack->frames[i]))
				return true;
	return false;
}

/* Only by the stacks that all of the group's descriptors share. */
static bool matches_group(const char *pattern, const struct model_group *group)
{
	return matches_stack(pattern, model_stack(group, MODEL_OPENED_AT)) ||
	       matches_stack(pattern, model_stack(group, MODEL_LAST_USED_AT)) ||
	       matches_stack(pattern, model_stack(group, MODEL_MISUSED_AT));
}

void suppressions_apply(struct suppressions *suppressions, struct model_snapshot *snapshot)
{
	baseline_apply(&suppressions->baseline, snapshot);
	for (size_t i = 0; i < model_stacked_count(snapshot); i++) {
		struct model_group *group = model_stacked(snapshot, i);

		for (size_t j = 0; j < suppressions->list.count && !group->suppressed; j++) {
			struct suppression *suppression = item(suppressions, j);

			if (!matches_group(suppression->pattern, group))
				continue;
			group->suppressed = true;
			suppression->groups++;
			suppression->descriptors += group->count;
		}
	}
}

void suppressions_print(const struct suppressions *suppressions, FILE *file)
{
	fputs("suppressions:\n", file);
	for (size_t i = 0; i < suppressions->list.count; i++) {
		const struct suppression *suppression = item(suppressions, i);

		fprintf(file, "  %s", keyword);
		escape_put(file, suppression->pattern);
		if (!suppression->groups)
			fputs(": unused\n", file);
		else
			fprintf(file, ": %" PRId64 " descriptor%s in %" PRId64 " group%s\n",
				suppression->descriptors, suppression->descriptors == 1 ? "" : "s",
				suppression->groups, suppression->groups == 1 ? "" : "s");
	}
}

/* Writes a name as a pattern. A star replaces each byte that can't stand in a line or on a
 * terminal. */
static void put_characters(const char *name, FILE *file)
{
	for (; *name; name++)
		fputc(*name >= ' ' && *name < 0x7f ? *name : '*', file);
}

static void put_pattern(const char *name, FILE *file)
{
	fputc('^', file);
	put_characters(name, file);
	fputs("$\n", file);
}

/* The pattern for a function of an interpreted language, with its file's last part: the folder
 * differs between machines. */
static void put_place_pattern(const struct model_frame *frame, FILE *file)
{
	put_characters(base_name(frame->locations[0].file), file);
	fputc(':', file);
	put_characters(frame->function, file);
	fputs("$\n", file);
}

void suppressions_generate(const struct model_group *group, FILE *file)
{
	const struct model_stack *stack = group_stack(group);
	size_t location = 0;
	const struct model_frame *frame = stack ? heading_frame(group, stack, &location) : NULL;
	const char *name;

	char *heading = group->part_count > 1 ? heading_of(&(struct page){0}, group) : NULL;

	fprintf(file, "# %s\n", heading ? heading : group->sentence);
	free(heading);
	if (!frame || !(frame->module || frame->language)) {
		fputs("# it has no stack, so it can't be suppressed\n", file);
		return;
	}
	name = frame_function(frame, location);
	if (!name)
		fputs("# no function is known: this suppresses all that the module opens\n", file);
	fputs(keyword, file);
	if (frame->language && frame->locations[0].file)
		put_place_pattern(frame, file);
	else
		put_pattern(name ? name : frame->module, file);
}

void suppressions_generate_all(const struct model_snapshot *snapshot, FILE *file)
{
	fputs("\nsuppressions for these:\n", file);
	for (size_t i = 0; i < snapshot->group_count; i++)
		if (!snapshot->groups[i].suppressed)
			suppressions_generate(&snapshot->groups[i], file);
}

enum { KEY_FILE = 1, KEY_PRINT, KEY_GENERATE, KEY_BASELINE };

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct suppression_options *options = state->input;

	switch (key) {
	case KEY_FILE:
		if (!suppressions_read(options->suppressions, argument, options->prefix))
			exit(options->trouble);
		return 0;
	case KEY_BASELINE:
		if (!baseline_read(&options->suppressions->baseline, argument, options->prefix))
			exit(options->trouble);
		options->suppressions->has_baseline = true;
		return 0;
	case KEY_PRINT:
		options->print = true;
		return 0;
	case KEY_GENERATE:
		options->generate = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp suppressions_argp = {
	.options =
		(const struct argp_option[]){
			{"suppressions", KEY_FILE, "FILE", 0,
			 "Leave out the leaks that FILE suppresses, in LeakSanitizer's form: lines "
			 "of leak:PATTERN",
			 0},
			{"baseline", KEY_BASELINE, "FILE", 0,
			 "Leave out stacks with no more descriptors than in FILE, which `fdtrail "
			 "report --format=folded` has written of the last good run",
			 0},
			{"print-suppressions", KEY_PRINT, NULL, 0,
			 "Show how much each suppression left out, and which are unused", 0},
			{"gen-suppressions", KEY_GENERATE, NULL, 0,
			 "Show lines that would suppress the leaks found", 0},
			{0},
		},
	.parser = parse,
};

void suppressions_check_text(const struct suppression_options *options, bool text)
{
	if (text || !(options->print || options->generate))
		return;
	fprintf(stderr, "%s--%s-suppressions works only with --format=text\n", options->prefix,
		options->print ? "print" : "gen");
	exit(options->trouble);
}
