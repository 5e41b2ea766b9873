// SPDX-License-Identifier: MIT
/* See stack_text.h. */
#include "stack_text.h"

#include <stdlib.h>

#include "../export/stack_lines.h"
#include "../reader/escape.h"

static void put_line(const struct stack_line *line, FILE *file)
{
	char name[LINE_NAME_SIZE];
	const struct model_location *location =
		line->frame && line->location < line->frame->location_count
			? &line->frame->locations[line->location]
			: NULL;

	fputs("    ", file);
	escape_put(file, stack_line_name(line, name));
	if (location && location->file) {
		fputc(' ', file);
		escape_put_word(file, location->file);
		if (location->line > 0)
			fprintf(file, ":%d", location->line);
	}
	fputc('\n', file);
}

int stack_text_put(const struct model_snapshot *snapshot, const struct model_group *group,
		   const struct export_options *options, FILE *file)
{
	struct stack_line *lines;
	size_t count;
	int error;

	if (!model_stack(group, MODEL_OPENED_AT))
		return 0;
	error = stack_lines(snapshot, group, options, &lines, &count);
	if (error)
		return error;
	for (size_t i = 0; i < count; i++)
		put_line(&lines[i], file);
	free(lines);
	return 0;
}
