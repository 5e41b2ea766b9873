// SPDX-License-Identifier: MIT
/*
 * Reads objects of V8's heap, without V8's functions. A thread that is in native code keeps its
 * objects where they are, because V8 moves objects only in the thread that runs their code. All
 * reads are checked all the same: preload/core/capture/proven_memory.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/capture/proven_memory.h"
#include "v8_layout.h"

static inline bool v8_is_small(uintptr_t word)
{
	return !(word & 1);
}

/* A strong or a weak reference. */
static inline bool v8_is_pointer(uintptr_t word)
{
	return word & 1;
}

static inline int32_t v8_small(uintptr_t word)
{
	return (int32_t)(word >> 32);
}

/* The word at an offset of an object. A weak reference has a second bit. */
static inline bool v8_member(uintptr_t object, uint32_t offset, uintptr_t *word)
{
	return v8_is_pointer(object) && proven_word((object & ~(uintptr_t)3) + offset, word);
}

/* The object's instance type. */
static inline bool v8_type(uintptr_t object, uint32_t *type)
{
	uintptr_t map, word;

	/* The type's two bytes lie in one word with other members. */
	if (!v8_member(object, 0, &map) || !v8_is_pointer(map) ||
	    !v8_member(map, v8_layout.map_type & ~7u, &word))
		return false;
	*type = (uint16_t)(word >> 8 * (v8_layout.map_type & 7));
	return true;
}

static inline bool v8_is(uintptr_t object, uint32_t type)
{
	uint32_t found;

	return v8_type(object, &found) && found == type;
}

bool v8_is_string(uintptr_t object);

/* Calls each() with the string's characters, part by part, from its start, until it returns false
 * or all have been given. A part is size characters of 1 or of 2 bytes each. False: the string
 * can't be read to the end. */
struct v8_text {
	const void *characters;
	uint32_t size;
	bool wide;
};
typedef bool v8_each_text(void *data, const struct v8_text *text);
bool v8_string_each(uintptr_t string, v8_each_text *each, void *data);

/* Copies the string as UTF-8, as much of it as fits, with a zero at the end. False: it isn't a
 * string, or it can't be read. */
bool v8_string_copy(uintptr_t string, char *to, size_t size);

/* The bytes of an array of bytes; false: it isn't one. Readable, at most 16 MiB. */
struct v8_bytes {
	const uint8_t *at, *end;
};
bool v8_byte_array(uintptr_t array, struct v8_bytes *bytes);

/* The element of an array of words; false: there is none. */
bool v8_element(uintptr_t array, uint32_t index, uintptr_t *word);
