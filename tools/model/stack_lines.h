// SPDX-License-Identifier: MIT
/*
 * A stack as flame graphs and profiles want it: one list from the innermost function to the
 * outermost, in which each inlined function is a line of its own, the stacks of the goroutines that
 * it descends from follow, and what is not a frame ("[created by]", "[incomplete]") is a marker.
 */
#pragma once

#include <stddef.h>

#include "model.h"

/* Long enough for any "module+0xoffset": a file's name has at most 255 bytes. */
enum { LINE_NAME_SIZE = 512 };

#define MARKER_LAST_USED      "[last HTTP request]"
#define MARKER_CREATED_BY     "[created by]"
#define MARKER_INCOMPLETE     "[incomplete]"
#define MARKER_INHERITED_FORK "[inherited through fork]"

struct stack_line {
	const struct model_frame *frame; /* NULL: a marker */
	size_t location;                 /* of frame->locations; 0 also when it has none */
	const char *marker;
};

/* The stack that a group is counted under: of connections whose last HTTP request is known that of
 * the request, since a connection serves many and who opened it may be innocent; else the opening
 * stack. NULL: none. */
const struct model_stack *group_stack(const struct model_group *group);

/* Gives the lines of group_stack() of a group of snapshot, at least one (without a stack: a marker
 * that says so), as an array to free(3). Before the functions of a request stands a
 * marker. collapse_runtime: without the frames that are not the program's own, unless nothing would
 * be left. Returns
 * 0 or -ENOMEM. */
int stack_lines(const struct model_snapshot *snapshot, const struct model_group *group,
		bool collapse_runtime, struct stack_line **lines, size_t *count);

/* Whether some frame of stack is the program's own. */
bool stack_has_user_code(const struct model_stack *stack);

/* The function that a location of a frame stands for: symbolize's name, else the text's, else NULL.
 */
const char *frame_function(const struct model_frame *frame, size_t location);

/* The same, but never NULL: else the module's file name and offset, else the address, in name. */
const char *frame_name(const struct model_frame *frame, size_t location, char name[LINE_NAME_SIZE]);

/* What a line is called: a marker as it is, else frame_name(). */
const char *stack_line_name(const struct stack_line *line, char name[LINE_NAME_SIZE]);

/* The marker of a group without a stack: "[inherited]", "[not traced]", ... */
const char *group_marker(const struct model_group *group);
