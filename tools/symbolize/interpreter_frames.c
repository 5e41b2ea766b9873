// SPDX-License-Identifier: MIT
/* See interpreter_frames.h. The modules' paragraph says which ones belong to a language. */
#include "interpreter_frames.h"

#include <string.h>

#include "tools/model/stack_lines.h"
#include "user_code.h"

/* The language that the module belongs to, or NULL. */
static const char *language_of(const struct model_snapshot *snapshot, const char *path)
{
	for (size_t i = 0; path && i < snapshot->module_count; i++)
		if (snapshot->modules[i].library_of && snapshot->modules[i].path &&
		    strcmp(snapshot->modules[i].path, path) == 0)
			return snapshot->modules[i].library_of;
	return NULL;
}

/* Frames of the C library and the program that lead to the interpreter: _start, ... */
static bool starts_thread(const struct model_frame *frame)
{
	const char *function = frame_function(frame, 0);

	return function && !frame->own && !own_function(function, NULL);
}

/* The language whose interpreter or virtual machine has opened this stack's descriptors for itself:
 * no function of the language is in the stack or has asked for it, and none of the program's own.
 * NULL: none. */
static const char *runtime_of(const struct model_snapshot *snapshot,
			      const struct model_stack *stack)
{
	const char *runtime = NULL;

	for (; stack; stack = stack->created_by)
		for (size_t i = 0; i < stack->frame_count; i++) {
			if (stack->frames[i].language || stack->frames[i].own)
				return NULL;
			runtime =
				runtime ? runtime : language_of(snapshot, stack->frames[i].module);
		}
	return runtime;
}

static void disown(const struct model_snapshot *snapshot, struct model_stack *stack)
{
	bool interpreted = false;

	/* A thread of the interpreter's pool has frames of the language only in the stack that
	 * asked for its work. */
	for (const struct model_stack *at = stack; at; at = at->created_by)
		for (size_t i = 0; i < at->frame_count; i++)
			interpreted |= at->frames[i].language != NULL;
	for (size_t i = 0; i < stack->frame_count; i++) {
		struct model_frame *frame = &stack->frames[i];
		bool belongs = language_of(snapshot, frame->module) != NULL;

		if (frame->language || !(belongs || starts_thread(frame)))
			continue;
		frame->own = frame->own && !belongs;
		frame->interpreter = interpreted;
	}
}

void interpreter_frames_disown(struct model_snapshot *snapshot)
{
	for (size_t g = 0; g < model_stacked_count(snapshot); g++) {
		struct model_group *group = model_stacked(snapshot, g);

		for (size_t s = 0; s < model_all_stacks_count(group); s++)
			for (struct model_stack *stack = model_all_stacks(group, s); stack;
			     stack = stack->created_by)
				disown(snapshot, stack);
		for (size_t s = 0; s < group->stack_count; s++)
			group->stacks[s].runtime = runtime_of(snapshot, &group->stacks[s]);
	}
}
