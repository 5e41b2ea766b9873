// SPDX-License-Identifier: MIT
/*
 * Finds the module of each frame. The text has build-ids in the modules paragraph, and in frames
 * only if they have no name; symbolize/ needs one for every frame. A file can list any number of
 * modules and frames, so the modules are sorted.
 */
#include "modules.h"

#include <stdlib.h>

#include "tools/model/model_memory.h"

/* Orders modules by path, then by address. Paths are stored once, so equal paths have equal
 * pointers. */
static int compare_modules(const void *left, const void *right)
{
	const struct model_module *a = *(struct model_module *const *)left;
	const struct model_module *b = *(struct model_module *const *)right;

	if (a->path != b->path)
		return (uintptr_t)a->path < (uintptr_t)b->path ? -1 : 1;
	return (a->start > b->start) - (a->start < b->start);
}

/* The module of a frame: of the modules with its path, the last one that begins at or before its
 * address. */
static const struct model_module *module_of(struct model_module *const *sorted, size_t count,
					    const struct model_frame *frame)
{
	struct model_module wanted = {.path = frame->module, .start = frame->address};
	const struct model_module *key = &wanted;
	size_t first = 0;

	while (count) {
		size_t half = count / 2;

		if (compare_modules(&sorted[first + half], &key) <= 0) {
			first += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return first && sorted[first - 1]->path == frame->module ? sorted[first - 1] : NULL;
}

static void identify_stack(struct model_stack *stack, struct model_module *const *sorted,
			   size_t count)
{
	for (; stack; stack = stack->created_by)
		for (size_t i = 0; i < stack->frame_count; i++) {
			struct model_frame *frame = &stack->frames[i];
			const struct model_module *module;

			if (!frame->module || frame->build_id)
				continue;
			module = module_of(sorted, count, frame);
			if (module)
				frame->build_id = module->build_id;
		}
}

void modules_identify(struct model_snapshot *snapshot)
{
	size_t count = snapshot->module_count;
	struct model_module **sorted = memory_array(NULL, count, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &snapshot->modules[i];
	qsort(sorted, count, sizeof(*sorted), compare_modules);
	for (size_t i = 0; i < model_stacked_count(snapshot); i++) {
		const struct model_group *group = model_stacked(snapshot, i);

		for (size_t j = 0; j < model_all_stacks_count(group); j++)
			identify_stack(model_all_stacks(group, j), sorted, count);
	}
	free(sorted);
}
