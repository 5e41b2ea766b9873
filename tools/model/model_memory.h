// SPDX-License-Identifier: MIT
/*
 * Memory for what is read: arrays that grow until it is known how long they are, and strings that
 * are kept once. Without memory the program ends, as obstacks do: obstack_alloc_failed_handler.
 */
#pragma once

#include <obstack.h>
#include <stddef.h>
#include <stdint.h>

#define obstack_chunk_alloc memory_chunk
#define obstack_chunk_free  free

/* For obstack_init. */
void *memory_chunk(size_t size);

/* realloc(3) for an array of count items; never NULL. */
void *memory_array(void *array, size_t count, size_t size);

/* A list that grows. All zero is an empty one. */
struct list {
	void *items;
	size_t count, room;
};

/* Room for one more item of size bytes, all zero. It moves when the list grows. */
void *list_add(struct list *list, size_t size);

/* Copies the list's items to memory and empties the list; NULL when it is empty. */
void *list_move(struct list *list, size_t size, size_t *count, struct obstack *memory);

void list_finish(struct list *list);

/* Strings that are kept once in memory, however often they come. All zero is an empty set. */
struct strings {
	const char **slots;
	size_t count, room;
};

/* The one copy of these bytes, which ends in a zero byte; seldom one more copy. */
const char *strings_keep(struct strings *strings, struct obstack *memory, const char *bytes,
			 size_t length);

/* The same for a string that was the last to be allocated in memory: it is kept, or given back. */
const char *strings_adopt(struct strings *strings, struct obstack *memory, char *string);

/* Forgets all strings, which stay where they are. */
void strings_forget(struct strings *strings);
void strings_finish(struct strings *strings);
