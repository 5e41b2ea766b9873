// SPDX-License-Identifier: MIT
/* See generated_frames.h. */
#include "generated_frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/reader/snapshot_time.h"
#include "frames.h"
#include "language.h"
#include "user_code.h"
#include "perf_map.h"

struct nameless {
	struct model_frame **frames;
	size_t count, room;
};

static int list_nameless(struct model_snapshot *snapshot, struct model_frame *frame, void *data)
{
	struct nameless *nameless = data;

	if (frame->module || frame->function)
		return 0;
	if (nameless->count == nameless->room) {
		size_t room = nameless->room ? 2 * nameless->room : 64;
		struct model_frame **frames =
			reallocarray(nameless->frames, room, sizeof(struct model_frame *));

		if (!frames)
			return -ENOMEM;
		nameless->frames = frames;
		nameless->room = room;
	}
	nameless->frames[nameless->count++] = frame;
	return 0;
}

static int compare_frames(const void *a, const void *b)
{
	const struct model_frame *const *left = a, *const *right = b;

	return (*left)->address < (*right)->address ? -1 : (*left)->address > (*right)->address;
}

static void name_frame(struct model_snapshot *snapshot, struct model_frame *frame, char *text)
{
	struct generated_name name = {0};
	struct model_location *location =
		obstack_alloc(&snapshot->memory, sizeof(*frame->locations));

	if (!language_parse_name(text, &name))
		name.function = text;
	*location = (struct model_location){
		.function = frames_string(snapshot, name.function),
		.file = frames_string(snapshot, name.file),
		.line = name.line,
		.column = name.column,
	};
	frame->locations = location;
	frame->location_count = 1;
	frame->own = own_function(location->function, location->file);
}

/* If a stack has generated code of the user's, with a file and a line, then the program's own file
 * is a language's runtime: its frames are not user code. */
static void disown_runtime(struct model_stack *stack)
{
	bool generated = false;

	for (size_t i = 0; i < stack->frame_count; i++)
		generated |= stack->frames[i].own && !stack->frames[i].module &&
			     stack->frames[i].location_count && stack->frames[i].locations[0].file;
	for (size_t i = 0; generated && i < stack->frame_count; i++)
		if (stack->frames[i].module && !strstr(stack->frames[i].module, ".so"))
			stack->frames[i].own = false;
}

static void disown_runtimes(struct model_snapshot *snapshot)
{
	for (size_t g = 0; g < model_stacked_count(snapshot); g++) {
		struct model_group *group = model_stacked(snapshot, g);

		for (size_t s = 0; s < model_all_stacks_count(group); s++)
			for (struct model_stack *stack = model_all_stacks(group, s); stack;
			     stack = stack->created_by)
				disown_runtime(stack);
	}
}

int generated_frames_name(struct model_snapshot *snapshot, bool is_this_host)
{
	struct nameless nameless = {0};
	struct perf_map_name *names = NULL;
	double began = (double)snapshot_time_ms(snapshot->when) / 1000 -
		       (snapshot->uptime > 0 ? snapshot->uptime + 1 : 1);
	int result = frames_each(snapshot, list_nameless, &nameless);

	if (result < 0 || !nameless.count || snapshot->pid <= 0 || !is_this_host)
		goto out;
	names = calloc(nameless.count, sizeof(*names));
	if (!names) {
		result = -ENOMEM;
		goto out;
	}
	qsort(nameless.frames, nameless.count, sizeof(struct model_frame *), compare_frames);
	for (size_t i = 0; i < nameless.count; i++)
		names[i].address = nameless.frames[i]->address;
	/* There is no file if the compiler was not asked to write one. */
	perf_map_find("/tmp", snapshot->pid, began, names, nameless.count);
	for (size_t i = 0; i < nameless.count; i++)
		if (names[i].name) {
			name_frame(snapshot, nameless.frames[i], names[i].name);
			free(names[i].name);
		}
	disown_runtimes(snapshot);
out:
	free(names);
	free(nameless.frames);
	return result;
}
