// SPDX-License-Identifier: MIT
/*
 * Python's frames from memory of any contents, between pages that can't be read. The first byte
 * chooses the version. Each word of the input is a number, an address in the memory, or one
 * outside.
 *
 * A walk must end, and name what it finds or not. What matches it must be the same walk.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload/languages/python_internal.h"
#include "preload/languages/python_tasks.h"
#include "guarded_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE = 64 * 1024, ROOM = 64, FIRST = 8, VERSIONS = 5 };

static char *memory;

/* The low three bits of a word of the input say what it means. */
static uintptr_t meaning(uint64_t word)
{
	uint64_t value = word >> 3;

	switch (word & 7) {
	case 0:
	case 1:
		return value & 0xffff;
	case 6:
		return (uintptr_t)memory - GUARD + value % (SIZE + 2 * GUARD);
	case 7:
		return UINTPTR_MAX - (value & 0xff);
	default:
		return (uintptr_t)memory + value % SIZE / 8 * 8;
	}
}

/* Adds the frames of awaiting tasks; at any offsets, since the memory has any contents. */
static void add_tasks(const struct python_layout *known, struct language_frame *frames, int count)
{
	static const struct python_tasks tasks = {.running = 8,
						  .is_task = 17,
						  .awaited_by = 24,
						  .awaited_by_is_set = 18,
						  .coroutine = 32};
	struct python_layout layout = *known;

	layout.generator_state = 20;
	layout.generator_frame = 64;
	layout.frame_top = 16;
	if (layout.frames == PYTHON_FRAME_OBJECTS || !count)
		return;
	python_tasks_awaited(&tasks, (uintptr_t)memory);
	count = python_tasks_add(&layout, &tasks, (uintptr_t)memory, frames, count, ROOM);
	if (count <= 0 || count > ROOM)
		abort();
	for (int i = 0; i < count - 1; i++)
		if (frames[i].flags & LANGUAGE_MORE)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct language_frame frames[ROOM] = {0};
	struct language_name name;
	uint64_t word;

	if (!memory)
		memory = guarded_memory(SIZE);
	memset(memory, 0, SIZE);
	if (!size)
		return 0;
	const struct python_layout *layout = python_layout_of(3, FIRST + *data % VERSIONS);
	for (size_t at = 1, to = 0; at + sizeof(word) <= size && to < SIZE; at += sizeof(word)) {
		memcpy(&word, data + at, sizeof(word));
		uintptr_t put = meaning(word);
		memcpy(memory + to, &put, sizeof(put));
		to += sizeof(put);
	}

	int count = python_walk(layout, (uintptr_t)memory, frames, ROOM);
	if (count < 0 || count > ROOM)
		abort();
	for (int i = 0; i < count; i++) {
		uintptr_t type = 0;

		if (frames[i].code - (uintptr_t)memory < SIZE / 2)
			memcpy(&type, (const void *)(frames[i].code + layout->object_type),
			       sizeof(type));
		if (!python_name(layout, type, &frames[i], &name))
			continue;
		if (!*name.function ||
		    strnlen(name.function, sizeof(name.function)) == sizeof(name.function) ||
		    strnlen(name.file, sizeof(name.file)) == sizeof(name.file))
			abort();
	}
	/* One word changes: what still matches must be what a walk finds. */
	if (size > 16) {
		struct language_frame again[ROOM] = {0};
		uint64_t place;

		memcpy(&place, data + size - 8, sizeof(place));
		memcpy(&word, data + size - 16, sizeof(word));
		uintptr_t put = meaning(word);
		memcpy(memory + place % SIZE / 8 * 8, &put, sizeof(put));
		if (count && python_matches(layout, (uintptr_t)memory, frames, count)) {
			if (python_walk(layout, (uintptr_t)memory, again, ROOM) != count)
				abort();
			for (int i = 0; i < count; i++)
				if (memcmp(&frames[i], &again[i],
					   offsetof(struct language_frame, stack)) != 0)
					abort();
		}
	}
	count = python_walk(layout, (uintptr_t)memory, frames, ROOM);
	add_tasks(layout, frames, count);
	return 0;
}
