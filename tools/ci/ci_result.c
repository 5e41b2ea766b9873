// SPDX-License-Identifier: MIT
/* See ci_result.h. */
#include "ci_result.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/snapshot/kind.h"
#include "tools/model/stack_lines.h"
#include "tools/report/heading.h"
#include "tools/report/report.h"

enum { SHOWN = 5 }; /* descriptors in the report on a group */

enum ci_outcome ci_outcome(const struct ci_process *process, const struct model_group *group)
{
	if (group->origin == MODEL_INHERITED || group->origin == MODEL_INHERITED_FORK)
		return CI_LEFT_OUT;
	if (group->suppressed)
		return CI_SUPPRESSED;
	return !process->limited || group->broken ? CI_FAILED : CI_PASSED;
}

bool ci_limits_fail(const struct ci_process *process)
{
	return process->verdict != LIMITS_KEPT;
}

struct ci_place ci_place_of(const struct model_frame *frame, size_t location)
{
	const struct model_location *at =
		frame && location < frame->location_count ? &frame->locations[location] : NULL;
	struct ci_place place = {.frame = frame, .location = location};
	char folder[PATH_MAX];

	if (!at || !at->file)
		return place;
	place.file = at->file;
	place.line = at->line;
	size_t size = getcwd(folder, sizeof(folder)) ? strlen(folder) : 0;
	if (*at->file != '/')
		place.relative = at->file;
	else if (size > 1 && strncmp(at->file, folder, size) == 0 && at->file[size] == '/')
		place.relative = at->file + size + 1;
	return place;
}

struct ci_place ci_place(const struct model_group *group)
{
	const struct model_stack *stack = group_stack(group);
	size_t location = 0;

	return ci_place_of(stack ? heading_frame(group, stack, &location) : NULL, location);
}

char *ci_sentence(const struct model_group *group)
{
	struct page page;

	page_open(&page, NULL, 0, false);
	char *sentence = heading_of(&page, group);
	page_close(&page);
	return sentence;
}

char *ci_name(const struct model_group *group)
{
	struct page page;

	page_open(&page, NULL, 0, false);
	char *place = heading_place(&page, group);
	char *name = page_format(
		"%s%s", group->kind == KIND_COUNT ? "descriptors" : kind_name(group->kind), place);

	page_close(&page);
	free(place);
	return name;
}

char *ci_report(const struct model_group *group)
{
	const struct report_options options = {.show = SHOWN};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return page_format("%s", "");
	report_group(out, group, false, &options);
	fclose(out);
	return text;
}

char *ci_program(const struct ci_process *process)
{
	const struct model_snapshot *snapshot = process->snapshot;

	return page_safe(snapshot && snapshot->program ? snapshot->program : "a process");
}
