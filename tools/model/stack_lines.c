// SPDX-License-Identifier: MIT
/* See stack_lines.h. */
#include "stack_lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/base_name.h"

bool stack_has_user_code(const struct model_stack *stack)
{
	for (size_t i = 0; i < stack->frame_count; i++)
		if (stack->frames[i].own)
			return true;
	return false;
}

const char *frame_function(const struct model_frame *frame, size_t location)
{
	if (location < frame->location_count && frame->locations[location].function)
		return frame->locations[location].function;
	/* The name in the text comes from the ELF symbol, so it is the outermost function, into
	 * which the others are inlined. */
	return location + 1 >= frame->location_count ? frame->function : NULL;
}

const char *frame_name(const struct model_frame *frame, size_t location, char name[LINE_NAME_SIZE])
{
	const char *function = frame_function(frame, location);

	if (function)
		return function;
	if (frame->module) {
		snprintf(name, LINE_NAME_SIZE, "%.255s+0x%" PRIx64, base_name(frame->module),
			 frame->offset);
	} else {
		snprintf(name, LINE_NAME_SIZE, "0x%" PRIx64, frame->address);
	}
	return name;
}

const char *stack_line_name(const struct stack_line *line, char name[LINE_NAME_SIZE])
{
	return line->frame ? frame_name(line->frame, line->location, name) : line->marker;
}

const char *group_marker(const struct model_group *group)
{
	switch (group->origin) {
	case MODEL_INHERITED:
	case MODEL_INHERITED_FORK:
		return "[inherited]";
	case MODEL_UNSEEN:
		return "[opened by an untraced call]";
	case MODEL_UNTRACED:
		return "[not traced]";
	case MODEL_OPENED:
		break;
	}
	return "[no stack]";
}

const struct model_stack *group_stack(const struct model_group *group)
{
	const struct model_stack *used = model_stack(group, MODEL_LAST_USED_AT);

	/* A stack that only some descriptors of the group share does not stand for the others. */
	return used && used->frame_count && !used->share ? used
							 : model_stack(group, MODEL_OPENED_AT);
}

/* Whether the text may be truncated within this stack: nothing that follows a stack is there. */
static bool is_cut(const struct model_snapshot *snapshot, const struct model_group *group,
		   const struct model_stack *stack)
{
	return !snapshot->whole && snapshot->group_count &&
	       group == &snapshot->groups[snapshot->group_count - 1] && group->stack_count == 1 &&
	       !stack->created_by && group->descriptor_count == 0 && snapshot->module_count == 0;
}

/* While lines is NULL, the lines are only counted. */
struct line_list {
	struct stack_line *lines;
	size_t count;
};

static void add(struct line_list *filling, struct stack_line line)
{
	if (filling->lines)
		filling->lines[filling->count] = line;
	filling->count++;
}

static void fill(struct line_list *filling, const struct model_snapshot *snapshot,
		 const struct model_group *group, bool collapse_runtime)
{
	const struct model_stack *stack = group_stack(group);

	if (stack && stack->role == MODEL_LAST_USED_AT)
		add(filling, (struct stack_line){.marker = stack->http ? MARKER_LAST_REQUEST
								       : MARKER_LAST_USED});
	for (; stack; stack = stack->created_by) {
		/* Collapse only if something is left. */
		bool collapses = collapse_runtime && stack_has_user_code(stack);

		for (size_t i = 0; i < stack->frame_count; i++) {
			const struct model_frame *frame = &stack->frames[i];
			size_t locations = frame->location_count ? frame->location_count : 1;

			if (frame->interpreter || (collapses && !frame->own))
				continue;
			for (size_t location = 0; location < locations; location++)
				add(filling, (struct stack_line){frame, location, NULL});
		}
		if (stack->incomplete || stack->lost || is_cut(snapshot, group, stack))
			add(filling, (struct stack_line){.marker = MARKER_INCOMPLETE});
		if (stack->created_by)
			add(filling, (struct stack_line){.marker = stack->created_by->asked
									   ? MARKER_ASKED_FOR_BY
									   : MARKER_CREATED_BY});
	}
	if (filling->count == 0)
		add(filling, (struct stack_line){.marker = group_marker(group)});
	else if (group->origin == MODEL_INHERITED_FORK)
		add(filling, (struct stack_line){.marker = group->by_exec ? MARKER_INHERITED_EXEC
									  : MARKER_INHERITED_FORK});
}

int stack_lines(const struct model_snapshot *snapshot, const struct model_group *group,
		bool collapse_runtime, struct stack_line **lines, size_t *count)
{
	struct line_list filling = {0};

	fill(&filling, snapshot, group, collapse_runtime);
	filling.lines = calloc(filling.count, sizeof(*filling.lines));
	*count = filling.count;
	*lines = filling.lines;
	if (!filling.lines)
		return -ENOMEM;
	filling.count = 0;
	fill(&filling, snapshot, group, collapse_runtime);
	return 0;
}
