// SPDX-License-Identifier: MIT
/*
 * Memory for the reader: arrays that grow until their length is known, and strings that are stored
 * once. Out of memory ends the program, as in obstacks: obstack_alloc_failed_handler.
 */
#pragma once

#include <obstack.h>
#include <stddef.h>
#include <stdint.h>

#define obstack_chunk_alloc memory_chunk
#define obstack_chunk_free  free

/* Ends the program as an obstack does that gets no memory. */
_Noreturn void memory_is_out(void);

/* For obstack_init. */
void *memory_chunk(size_t size);

/* realloc(3) for an array of count items; never NULL. */
void *memory_array(void *array, size_t count, size_t size);

/* A growing array. All zero is an empty one. */
struct list {
	void *items;
	size_t count, room;
};

/* Adds an item of size bytes, all zero, and returns it. The pointer is valid until the next call,
 * which may move the list. */
void *list_add(struct list *list, size_t size);

/* Copies the list's items to memory and empties the list. Returns the copy; NULL if the list is
 * empty. */
void *list_move(struct list *list, size_t size, size_t *count, struct obstack *memory);

void list_finish(struct list *list);

/* Strings that are stored once in memory, however often they occur. All zero is an empty set. */
struct strings {
	const char **slots;
	size_t count, room;
};

/* Returns the stored copy of these bytes, with a zero byte after it. Equal strings nearly always
 * give the same pointer; seldom another copy. */
const char *strings_keep(struct strings *strings, struct obstack *memory, const char *bytes,
			 size_t length);

/* The same for a string that is the last allocation in memory: stores it, or frees it if it is
 * already stored. */
const char *strings_adopt(struct strings *strings, struct obstack *memory, char *string);

/* Empties the set. The strings stay in their memory. */
void strings_forget(struct strings *strings);
void strings_finish(struct strings *strings);
