// SPDX-License-Identifier: MIT
/* See proven_memory.h. */
#include "proven_memory.h"

#include "local_memory.h"

_Atomic uintptr_t proven_pages[PROVEN_PAGES];

bool proven_page_slowly(uintptr_t page)
{
	static _Atomic uint32_t turn;
	uintptr_t place = proven_place(page), kept = page ^ PROVEN_NONE, way;

	if (!page)
		return false;
	for (way = 1; way < PROVEN_WAYS; way++)
		if (atomic_load_explicit(&proven_pages[place ^ way], memory_order_relaxed) == kept)
			return true;
	if (!address_readable(page))
		return false;
	/* No page moves, or two would drive each other out by turns. */
	for (way = 0; way < PROVEN_WAYS; way++)
		if (!atomic_load_explicit(&proven_pages[place ^ way], memory_order_relaxed))
			break;
	if (way == PROVEN_WAYS)
		way = atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed) % PROVEN_WAYS;
	atomic_store_explicit(&proven_pages[place ^ way], kept, memory_order_relaxed);
	return true;
}

bool proven_copy(void *to, uintptr_t from, size_t size)
{
	char *at = to;

	while (size) {
		size_t part = PROVEN_PAGE - from % PROVEN_PAGE;

		if (part > size)
			part = size;
		if (!proven_readable(from, part))
			return false;
		memcpy(at, (const void *)from, part);
		at += part;
		from += part;
		size -= part;
	}
	return true;
}

void proven_forget(void)
{
	for (size_t i = 0; i < PROVEN_PAGES; i++)
		atomic_store_explicit(&proven_pages[i], 0, memory_order_relaxed);
}
