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

enum { PROVEN_PAGE = 4096, PROVEN_PAGES = 2048, PROVEN_NONE = 1, PROVEN_WAYS = 4 };

/* Addresses of readable pages, each ^ PROVEN_NONE. A page is at its place or at one of those beside
 * it, so that pages of one place don't drive each other out. In proven_memory.c. */
extern _Atomic uintptr_t proven_pages[PROVEN_PAGES];

/* In proven_memory.c: asks the kernel, and remembers the page. */
bool proven_page_slowly(uintptr_t page);

/* The place of a page. Virtual machines align their memory to large powers of two, so that more
 * than the lowest bits must differ. */
static inline uintptr_t proven_place(uintptr_t page)
{
	return (page / PROVEN_PAGE ^ page >> 22 ^ page >> 31) % PROVEN_PAGES;
}

static inline bool proven_page(uintptr_t page)
{
	uintptr_t place = proven_place(page);
	uintptr_t known = atomic_load_explicit(&proven_pages[place], memory_order_relaxed);

	/* An empty place has a value that is no page. */
	return __builtin_expect((known ^ PROVEN_NONE) == page, 1) || proven_page_slowly(page);
}

/* Whether size bytes (1 to PROVEN_PAGE) at address can be read. Async-signal-safe. */
static inline bool proven_readable(uintptr_t address, size_t size)
{
	uintptr_t first = address & -(uintptr_t)PROVEN_PAGE;
	uintptr_t last = (address + size - 1) & -(uintptr_t)PROVEN_PAGE;

	return proven_page(first) && (__builtin_expect(first == last, 1) || proven_page(last));
}

/* Reads the word at address; false: it can't be read. */
static inline bool proven_word(uintptr_t address, uintptr_t *word)
{
	if (!proven_readable(address, sizeof(*word)))
		return false;
	memcpy(word, (const void *)address, sizeof(*word));
	return true;
}

/* Copies size bytes, any number. False: not all of them can be read. */
bool proven_copy(void *to, uintptr_t from, size_t size);

/* To be called when modules have been unmapped: forgets all pages. */
void proven_forget(void);
