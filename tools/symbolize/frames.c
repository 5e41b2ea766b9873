// SPDX-License-Identifier: MIT
/* See frames.h. */
#include "frames.h"

#include <string.h>

int frames_each(struct model_snapshot *snapshot, frames_function *function, void *data)
{
	for (size_t g = 0; g < model_stacked_count(snapshot); g++) {
		struct model_group *group = model_stacked(snapshot, g);

		for (size_t s = 0; s < model_all_stacks_count(group); s++)
			for (struct model_stack *stack = model_all_stacks(group, s); stack;
			     stack = stack->created_by)
				for (size_t f = 0; f < stack->frame_count; f++) {
					int result = function(snapshot, &stack->frames[f], data);

					if (result < 0)
						return result;
				}
	}
	return 0;
}

const char *frames_string(struct model_snapshot *snapshot, const char *string)
{
	return string ? obstack_copy0(&snapshot->memory, string, strlen(string)) : NULL;
}
