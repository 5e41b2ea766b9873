// SPDX-License-Identifier: MIT
/* See culprit.h. */
#include "culprit.h"

#include <string.h>

#include "tools/model/stack_lines.h"
#include "tools/symbolize/demangle.h"
#include "tools/symbolize/user_code.h"
#include "tools/symbolize/symbolize.h"

/* The culprit by the names of the text; NULL once symbolize/ has run. */
static const struct model_frame *likely_frame(const struct model_stack *stack)
{
	for (size_t i = 0; i < stack->frame_count; i++)
		if (stack->frames[i].location_count)
			return NULL;
	for (size_t i = 0; i < stack->frame_count; i++)
		if (culprit_is_own(&stack->frames[i], 0))
			return &stack->frames[i];
	return NULL;
}

bool culprit_is_own(const struct model_frame *frame, size_t location)
{
	char text[DEMANGLE_TEXT_MAX];
	const char *function = frame_function(frame, location);

	if (!function)
		return false;
	if (frame->language)
		return frame->own;
	if (frame->location_count)
		return frame->own && own_function(function, frame->locations[location].file);
	return own_module(frame->module) && own_function(demangle(function, text), NULL);
}

bool culprit_is_dependency(const struct model_frame *frame, size_t location)
{
	return location < frame->location_count &&
	       frame->locations[location].module == MODEL_GO_DEPENDENCY;
}

/* The innermost function of the module that a Go program was built from, if a dependency's function
 * is inside it; else NULL, because the general rule finds the same frame. Dependencies are the
 * program's own code, but only as much as a library is. */
static const struct model_frame *main_module_frame(const struct model_stack *stack,
						   size_t *location)
{
	bool any = false;

	for (const struct model_stack *at = stack; at; at = at->created_by)
		for (size_t i = 0; i < at->frame_count; i++)
			for (size_t j = 0; j < at->frames[i].location_count; j++) {
				if (!culprit_is_own(&at->frames[i], j))
					continue;
				*location = j;
				if (!culprit_is_dependency(&at->frames[i], j))
					return any ? &at->frames[i] : NULL;
				any = true;
			}
	return NULL;
}

const struct model_frame *culprit_frame(const struct model_stack *stack, size_t *location)
{
	const struct model_frame *frame = main_module_frame(stack, location);

	if (frame)
		return frame;
	*location = 0;
	/* Go dials in a separate goroutine: the code that wanted the connection is in the stack
	 * that created it. */
	for (const struct model_stack *at = stack; at && !frame; at = at->created_by)
		frame = symbolize_own_frame(at);
	if (frame) {
		const struct model_location *own = symbolize_own_location(frame);

		*location = own ? (size_t)(own - frame->locations) : 0;
		return frame;
	}
	for (const struct model_stack *at = stack; at && !frame; at = at->created_by)
		frame = likely_frame(at);
	return frame || !stack || !stack->frame_count ? frame : &stack->frames[0];
}

const struct model_frame *culprit_main(const struct model_stack *stack,
				       const struct model_frame *culprit, size_t location,
				       size_t *where)
{
	const char *function = culprit ? frame_function(culprit, location) : NULL;
	bool after = false;

	if (!function || strncmp(function, "main.", 5) == 0 ||
	    (location < culprit->location_count &&
	     culprit->locations[location].module == MODEL_GO_MAIN))
		return NULL;
	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct model_frame *at = &stack->frames[i];
		size_t count = at->location_count ? at->location_count : 1;

		for (size_t j = 0; j < count; j++) {
			const char *name = frame_function(at, j);

			if (after && name && strncmp(name, "main.", 5) == 0) {
				*where = j;
				return at;
			}
			after = after || (at == culprit && j == location);
		}
	}
	return NULL;
}
