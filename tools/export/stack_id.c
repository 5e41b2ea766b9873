// SPDX-License-Identifier: MIT
/* See stack_id.h. */
#include "stack_id.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "preload/core/base/base_name.h"

static uint64_t add(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Includes the zero byte, so that two strings never run into one. */
static uint64_t add_string(uint64_t hash, const char *string)
{
	return add(hash, string, strlen(string) + 1);
}

/* Lowest byte first, so that it is the same on every machine. */
static uint64_t add_number(uint64_t hash, uint64_t number)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(number >> (8 * i));
	return add(hash, bytes, sizeof(bytes));
}

static uint64_t add_frame(uint64_t hash, const struct model_frame *frame)
{
	if (frame->language) {
		hash = add_string(hash, frame->language);
		hash = add_string(hash, frame->function);
		hash = add_string(hash, frame->locations[0].file ? frame->locations[0].file : "");
		return add_number(hash, (uint64_t)frame->locations[0].line);
	}
	if (!frame->module)
		return add_string(hash, frame->function ? frame->function : "");
	hash = add_string(hash, frame->build_id ? frame->build_id : base_name(frame->module));
	return add_number(hash, frame->offset);
}

void stack_id(const struct model_stack *stack, char id[STACK_ID_SIZE])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; stack; stack = stack->created_by) {
		for (size_t i = 0; i < stack->frame_count; i++)
			hash = add_frame(hash, &stack->frames[i]);
		if (stack->created_by)
			hash = add_string(hash,
					  stack->created_by->asked ? "asked for by" : "created by");
	}
	snprintf(id, STACK_ID_SIZE, "%016" PRIx64, hash);
}
