// SPDX-License-Identifier: MIT
/*
 * A stack as one list of lines, for flame graphs and profiles: from the innermost function to the
 * outermost, each inlined function on a line of its own, then the stacks of the ancestor
 * goroutines. A line that is not a frame ("[created by]", "[incomplete]") is a marker.
 */
#pragma once

#include <stddef.h>

#include "model.h"

/* Long enough for any "module+0xoffset": a file's name has at most 255 bytes. */
enum { LINE_NAME_SIZE = 512 };

#define MARKER_LAST_REQUEST   "[last HTTP request]"
#define MARKER_LAST_USED      "[last use]"
#define MARKER_CREATED_BY     "[created by]"
#define MARKER_ASKED_FOR_BY   "[asked for by]"
#define MARKER_INCOMPLETE     "[incomplete]"
#define MARKER_INHERITED_FORK "[inherited through fork]"
#define MARKER_INHERITED_EXEC "[inherited through exec]"

struct stack_line {
	const struct model_frame *frame; /* NULL: a marker */
	size_t location;                 /* of frame->locations; 0 also when it has none */
	const char *marker;
};

/* The stack that a group is counted under: the stack of the last HTTP request if it is known,
 * because a connection serves many requests and its opener may be innocent; else the opening stack.
 * NULL: there is none. */
const struct model_stack *group_stack(const struct model_group *group);

/* Returns the lines of a group's group_stack() in an array that the caller frees: at least one line
 * (a group without a stack has a marker). A marker comes before the functions of a request.
 * collapse_runtime leaves out the frames that are not user code, unless nothing would be left.
 * Returns 0 or -ENOMEM. */
int stack_lines(const struct model_snapshot *snapshot, const struct model_group *group,
		bool collapse_runtime, struct stack_line **lines, size_t *count);

/* Whether a frame of the stack is user code. */
bool stack_has_user_code(const struct model_stack *stack);

/* The function at a location of a frame: the name from symbolize/, else from the text, else
 * NULL. */
const char *frame_function(const struct model_frame *frame, size_t location);

/* The same, but never NULL: without a function, writes the module's file name and offset, or the
 * address, into name and returns that. */
const char *frame_name(const struct model_frame *frame, size_t location, char name[LINE_NAME_SIZE]);

/* The text of a line: the marker, or frame_name(). */
const char *stack_line_name(const struct stack_line *line, char name[LINE_NAME_SIZE]);

/* The marker of a group without a stack: "[inherited]", "[not traced]", ... */
const char *group_marker(const struct model_group *group);
