// SPDX-License-Identifier: MIT
/* See model_memory.h. */
#include "model_memory.h"

#include <stdlib.h>
#include <string.h>

enum {
	STEPS_MAX = 256,  /* most slots that are tried for a string */
	ROOM_KEPT = 1024, /* slots that are kept for the next snapshot's strings */
};

/* The handler does not return: see "Preparing for Obstacks" in glibc's manual. */
_Noreturn void memory_is_out(void)
{
	obstack_alloc_failed_handler();
	abort();
}

void *memory_chunk(size_t size)
{
	void *chunk = malloc(size);

	if (!chunk)
		memory_is_out();
	return chunk;
}

void *memory_array(void *array, size_t count, size_t size)
{
	void *grown = reallocarray(array, count ? count : 1, size);

	if (!grown)
		memory_is_out();
	return grown;
}

void *list_add(struct list *list, size_t size)
{
	if (list->count == list->room) {
		list->room = list->room ? list->room + list->room / 2 : 16;
		list->items = memory_array(list->items, list->room, size);
	}
	return memset((char *)list->items + size * list->count++, 0, size);
}

void *list_move(struct list *list, size_t size, size_t *count, struct obstack *memory)
{
	void *items = list->count ? obstack_copy(memory, list->items, size * list->count) : NULL;

	*count = list->count;
	list->count = 0;
	return items;
}

void list_finish(struct list *list)
{
	free(list->items);
	*list = (struct list){0};
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static uint64_t hash_of(const char *bytes, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3;
	return hash ^ hash >> 32;
}

/* The slot that holds these bytes, or the empty one where they belong. NULL if it is more than
 * STEPS_MAX slots away, which happens only if somebody chose the strings by their hashes. room is a
 * power of two. */
static const char **slot_of(const struct strings *strings, const char *bytes, size_t length)
{
	size_t at = hash_of(bytes, length);

	for (int steps = 0; steps < STEPS_MAX; steps++, at++) {
		const char **slot = &strings->slots[at & (strings->room - 1)];

		if (!*slot || (strncmp(*slot, bytes, length) == 0 && !(*slot)[length]))
			return slot;
	}
	return NULL;
}

static void grow(struct strings *strings)
{
	struct strings larger = {.room = strings->room ? 2 * strings->room : 256};

	larger.slots = memory_array(NULL, larger.room, sizeof(*larger.slots));
	memset(larger.slots, 0, larger.room * sizeof(*larger.slots));
	for (size_t i = 0; i < strings->room; i++) {
		const char *string = strings->slots[i];
		const char **slot = string ? slot_of(&larger, string, strlen(string)) : NULL;

		if (slot)
			*slot = string;
	}
	larger.count = strings->count;
	free(strings->slots);
	*strings = larger;
}

/* The same, after making room for one more: the caller fills an empty slot. NULL: the string can't
 * be shared. */
static const char **find(struct strings *strings, const char *bytes, size_t length)
{
	const char **slot;

	if (2 * strings->count >= strings->room)
		grow(strings);
	slot = slot_of(strings, bytes, length);
	if (slot && !*slot)
		strings->count++;
	return slot;
}

const char *strings_keep(struct strings *strings, struct obstack *memory, const char *bytes,
			 size_t length)
{
	const char **slot;

	length = strnlen(bytes, length);
	slot = find(strings, bytes, length);
	if (!slot)
		return obstack_copy0(memory, bytes, length);
	if (!*slot)
		*slot = obstack_copy0(memory, bytes, length);
	return *slot;
}

const char *strings_adopt(struct strings *strings, struct obstack *memory, char *string)
{
	const char **slot = find(strings, string, strlen(string));

	if (!slot)
		return string;
	if (!*slot)
		*slot = string;
	else if (*slot != string)
		obstack_free(memory, string);
	return *slot;
}

void strings_forget(struct strings *strings)
{
	if (strings->room > ROOM_KEPT)
		strings_finish(strings);
	else if (strings->room)
		memset(strings->slots, 0, strings->room * sizeof(*strings->slots));
	strings->count = 0;
}

void strings_finish(struct strings *strings)
{
	free(strings->slots);
	*strings = (struct strings){0};
}
