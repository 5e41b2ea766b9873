// SPDX-License-Identifier: MIT
/* Memory between pages that can't be read: a walk that leaves it ends the fuzz target. */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { GUARD = 4096 };

/* size bytes, a multiple of GUARD, all zero. They stay. */
static inline void *guarded_memory(size_t size)
{
	char *all = mmap(NULL, size + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (all == MAP_FAILED || mprotect(all + GUARD, size, PROT_READ | PROT_WRITE) != 0)
		abort();
	return all + GUARD;
}
