// SPDX-License-Identifier: MIT
/* See proven_memory.h. */
#include "proven_memory.h"

#include "preload/core/base/read_safely.h"

struct proven_set proven_sets[PROVEN_SETS];

bool proven_page_slowly(uintptr_t page)
{
	struct proven_set *set = proven_set_of(page);

	if (!page || !address_readable(page))
		return false;
	/* The page that was remembered first makes room. Two threads at once may lose a page. */
	for (int i = PROVEN_WAYS - 1; i > 0; i--)
		atomic_store_explicit(
			&set->pages[i],
			atomic_load_explicit(&set->pages[i - 1], memory_order_relaxed),
			memory_order_relaxed);
	atomic_store_explicit(&set->pages[0], page ^ PROVEN_NONE, memory_order_relaxed);
	return true;
}

/* The words of an interpreter's memory may lead anywhere in the process, also between its objects,
 * which AddressSanitizer would refuse. Volatile, so that no call of memcpy comes of it. */
__attribute__((no_sanitize("address"))) void proven_load(void *to, uintptr_t from, size_t size)
{
	char *bytes = to;

	for (size_t i = 0; i < size; i++)
		bytes[i] = ((const volatile char *)from)[i];
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
		proven_load(at, from, part);
		at += part;
		from += part;
		size -= part;
	}
	return true;
}

void proven_forget(void)
{
	for (int i = 0; i < PROVEN_SETS; i++)
		for (int j = 0; j < PROVEN_WAYS; j++)
			atomic_store_explicit(&proven_sets[i].pages[j], 0, memory_order_relaxed);
}
