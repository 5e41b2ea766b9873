// SPDX-License-Identifier: MIT
/* See take_over.h. A jump to another function, which may come last, is written anew; other
 * instructions that are moved don't depend on their address (preload/arch/entry_code.h). */
#include "take_over.h"

#include <string.h>
#include <sys/mman.h>

#include "preload/arch/entry_code.h"
#include "preload/core/base/raw_syscall.h"

enum {
	PAGE = 4096,
	MOVED_MAX = 16,     /* bytes of instructions */
	STEP = 1024 * 1024, /* distance between places that are tried */
};

/* Memory for code that a near jump from function reaches: the rest of the page that was made for
 * the function before, or a new page. NULL: none. */
static uint8_t *memory_near(uintptr_t function, size_t size)
{
	static uint8_t *page;
	static size_t used;
	uintptr_t distance = (uintptr_t)page > function ? (uintptr_t)page - function
							: function - (uintptr_t)page;

	if (!page || used + size > PAGE || distance > NEAR) {
		used = 0;
		page = NULL;
		for (uintptr_t away = STEP; away < NEAR && !page; away += STEP) {
			for (int below = 0; below < 2 && !page; below++) {
				uintptr_t at = below ? function - away : function + away;
				if (below && away > function)
					continue;
				long mapped = RAW(
					mmap, at & -(uintptr_t)PAGE, PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
				/* Before Linux 4.17 the flag is only a hint. */
				if (mapped == (long)(at & -(uintptr_t)PAGE))
					page = (uint8_t *)mapped;
				else if (mapped > 0)
					RAW(munmap, mapped, PAGE);
			}
		}
		if (!page)
			return NULL;
	}
	used += size;
	return page + used - size;
}

static bool protect(uintptr_t address, size_t size, int protection)
{
	uintptr_t start = address & -(uintptr_t)PAGE;
	uintptr_t end = (address + size + PAGE - 1) & -(uintptr_t)PAGE;

	return RAW(mprotect, start, end - start, protection) == 0;
}

bool take_over(uintptr_t function, uintptr_t replacement, uintptr_t *original)
{
	const uint8_t *code = (const uint8_t *)function;
	uint8_t jump[JUMP];
	uintptr_t rest = 0; /* the address where the original goes on */
	size_t moved = 0;

	while (moved < JUMP && !rest) {
		size_t length = movable_length(code + moved);

		rest = jump_target(code + moved);
		if (!rest && !length)
			return false;
		moved += rest ? 0 : length;
	}
	uint8_t *made = memory_near(function, FAR_JUMP + MOVED_MAX + FAR_JUMP);
	if (!made || !protect((uintptr_t)made, 2 * FAR_JUMP + MOVED_MAX, PROT_READ | PROT_WRITE))
		return false;
	put_far_jump(made, replacement);
	memcpy(made + FAR_JUMP, code, moved);
	put_far_jump(made + FAR_JUMP + moved, rest ? rest : function + moved);
	put_jump(jump, function, (uintptr_t)made);
	/* The original must be callable before the first call comes. */
	*original = (uintptr_t)made + FAR_JUMP;
	if (!protect((uintptr_t)made, 2 * FAR_JUMP + MOVED_MAX, PROT_READ | PROT_EXEC) ||
	    !protect(function, JUMP, PROT_READ | PROT_WRITE | PROT_EXEC))
		return false;
	memcpy((void *)function, jump, sizeof(jump));
	protect(function, JUMP, PROT_READ | PROT_EXEC);
	return true;
}

bool take_over_symbol(const char *name, uintptr_t replacement, uintptr_t *original,
		      struct loaded_symbol *found)
{
	return loaded_symbol_find(name, found) && take_over(found->address, replacement, original);
}
