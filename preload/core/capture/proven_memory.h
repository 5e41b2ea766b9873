// SPDX-License-Identifier: MIT
/*
 * Reads an interpreter's data, whose pointers may lead anywhere: a signal may have come in the
 * middle of a change, or the program may have overwritten them. Each page is proven readable by a
 * system call the first time, and then remembered, so that the usual read costs a compare. A page
 * that was unmapped since is still remembered; that matters only if a wrong pointer leads there,
 * because a right one never leads to unmapped memory.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "preload/core/base/sanitizer.h"

enum { PROVEN_PAGE = 4096, PROVEN_SETS = 512, PROVEN_WAYS = 4, PROVEN_NONE = 1 };

/* Addresses of readable pages, each ^ PROVEN_NONE. A page is at one of the four places that its
 * number chooses, by a hash, because an interpreter's heap has its busy pages at the same
 * distances. In proven_memory.c. */
struct proven_set {
	_Atomic uintptr_t pages[PROVEN_WAYS];
} __attribute__((aligned(32)));
extern struct proven_set proven_sets[PROVEN_SETS];

_Static_assert(PROVEN_SETS == 1 << 9, "proven_set_of takes the 9 highest bits");

static inline struct proven_set *proven_set_of(uintptr_t page)
{
	return &proven_sets[page * 0x9e3779b97f4a7c15ULL >> 55];
}

/* In proven_memory.c: asks the kernel, and remembers the page. */
bool proven_page_slowly(uintptr_t page);

static inline bool proven_page(uintptr_t page)
{
	const struct proven_set *set = proven_set_of(page);

	/* An empty place has a value that is no page. */
	for (int i = 0; i < PROVEN_WAYS; i++)
		if ((atomic_load_explicit(&set->pages[i], memory_order_relaxed) ^ PROVEN_NONE) ==
		    page)
			return true;
	return proven_page_slowly(page);
}

/* Whether size bytes (1 to PROVEN_PAGE) at address can be read. Async-signal-safe. */
static inline bool proven_readable(uintptr_t address, size_t size)
{
	uintptr_t first = address & -(uintptr_t)PROVEN_PAGE;
	uintptr_t last = (address + size - 1) & -(uintptr_t)PROVEN_PAGE;

	return proven_page(first) && (__builtin_expect(first == last, 1) || proven_page(last));
}

/* In proven_memory.c: reads size bytes that can be read for certain, also where AddressSanitizer
 * would refuse it. */
void proven_load(void *to, uintptr_t from, size_t size);

/* A value at an address that can be read for certain. */
#define PROVEN_VALUE(name, type)                                                                   \
	static inline __attribute__((always_inline)) type name(uintptr_t address)                  \
	{                                                                                          \
		type value;                                                                        \
                                                                                                   \
		if (ADDRESS_SANITIZER)                                                             \
			proven_load(&value, address, sizeof(value));                               \
		else                                                                               \
			memcpy(&value, (const void *)address, sizeof(value));                      \
		return value;                                                                      \
	}
PROVEN_VALUE(word_at, uintptr_t)
PROVEN_VALUE(number_at, uint32_t)
PROVEN_VALUE(byte_at, uint8_t)
#undef PROVEN_VALUE

/* Reads the word at address; false: it can't be read. */
static inline bool proven_word(uintptr_t address, uintptr_t *word)
{
	if (!proven_readable(address, sizeof(*word)))
		return false;
	*word = word_at(address);
	return true;
}

/* Copies size bytes, any number. False: not all of them can be read. */
bool proven_copy(void *to, uintptr_t from, size_t size);

/* To be called when modules have been unmapped: forgets all pages. */
void proven_forget(void);
