// SPDX-License-Identifier: MIT
/* See model.h. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "model_memory.h"

struct model_snapshot *model_create(void)
{
	struct model_snapshot *snapshot = memory_array(NULL, 1, sizeof(*snapshot));

	*snapshot = (struct model_snapshot){
		.number = MODEL_UNKNOWN,
		.pid = MODEL_UNKNOWN,
		.parent = MODEL_UNKNOWN,
		.user = MODEL_UNKNOWN,
		.open = MODEL_UNKNOWN,
		.limit = MODEL_UNKNOWN,
		.peak = MODEL_UNKNOWN,
		.peak_all = MODEL_UNKNOWN,
		.peak_reached = -1,
		.misuse_total = MODEL_UNKNOWN,
		.uptime = -1,
		.forked = -1,
		.attached = -1,
		.unclosed = MODEL_UNKNOWN,
		.inherited = MODEL_UNKNOWN,
		.traced = true,
	};
	obstack_init(&snapshot->memory);
	return snapshot;
}

void model_destroy(struct model_snapshot *snapshot)
{
	if (!snapshot)
		return;
	obstack_free(&snapshot->memory, NULL);
	free(snapshot);
}

const char *model_misuse_name(enum model_misuse_kind kind)
{
	static const char *const names[] = {
		[MODEL_DOUBLE_CLOSE] = "double close",
		[MODEL_USE_AFTER_CLOSE] = "use after close",
		[MODEL_CLOSE_OF_OTHER] = "close of another's",
		[MODEL_COPY_OVER_OTHER] = "copy over another's",
		[MODEL_CLOSE_OF_STREAM] = "close of a stream's",
		[MODEL_STANDARD] = "open at standard number",
	};

	return names[kind];
}

const char *model_original_name(enum model_original original)
{
	static const char *const names[] = {
		[MODEL_ORIGINAL_OPEN] = "open",
		[MODEL_ORIGINAL_CLOSED] = "closed",
	};

	return names[original];
}

const char *model_stream_name(enum model_stream stream)
{
	static const char *const names[] = {
		[MODEL_FILE] = "FILE",
		[MODEL_DIR] = "DIR",
		[MODEL_POPEN] = "popen",
	};

	return names[stream];
}

const char *model_access_name(enum model_access access)
{
	static const char *const names[] = {
		[MODEL_READ] = "read",
		[MODEL_WRITE] = "write",
		[MODEL_READ_WRITE] = "read-write",
		[MODEL_PATH_ONLY] = "path only",
	};

	return names[access];
}

const char *model_field(const struct model_snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->field_count; i++)
		if (strcmp(snapshot->fields[i].name, name) == 0)
			return snapshot->fields[i].value;
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

bool model_same_program(const struct model_snapshot *a, const struct model_snapshot *b)
{
	return same_text(a->program, b->program);
}

bool model_same_process(const struct model_snapshot *a, const struct model_snapshot *b)
{
	return a->pid == b->pid && model_same_program(a, b) && same_text(a->host, b->host);
}

const struct model_stack *model_stack(const struct model_group *group, enum model_stack_role role)
{
	for (size_t i = 0; i < group->stack_count; i++)
		if (group->stacks[i].role == role)
			return &group->stacks[i];
	return NULL;
}

int64_t model_in_state(const struct model_group *group, const char *state)
{
	for (size_t i = 0; i < group->state_count; i++)
		if (strcmp(group->states[i].name, state) == 0)
			return group->states[i].count;
	return 0;
}

int64_t model_add(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}
