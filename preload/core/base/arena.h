// SPDX-License-Identifier: MIT
/*
 * Memory of our own. Hooks run inside malloc, in signal handlers and in vfork children, so nothing
 * here may use the program's heap: an arena takes pages from mmap and hands out pieces that are
 * never given back one by one. Allocation is one atomic addition, so a signal handler that
 * interrupts another allocation, or a fork in the middle of one, finds nothing torn.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

struct arena {
	_Atomic(struct arena_chunk *) chunk;  /* pieces are taken from this one */
	_Atomic(struct arena_chunk *) chunks; /* all of them */
	_Atomic size_t total;                 /* bytes taken from mmap, for statistics and limits */
	size_t limit;                         /* most bytes to take from mmap; 0: no limit */
};

/* Returns size bytes, zeroed and aligned to 16, which live as long as the process; NULL if the
 * system has no memory or the arena's limit is reached. Async-signal-safe, any thread. */
void *arena_alloc(struct arena *arena, size_t size);

/* Gives all memory back to the system; the arena is empty then, and can be used again. No other
 * thread may be using it. */
void arena_release(struct arena *arena);

/* Maps size bytes, zeroed; NULL on failure. Untouched pages cost no memory. Async-signal-safe. */
void *memory_map(size_t size);

/* Makes a mapping of memory_map larger, and may move it; on failure returns NULL and leaves it as
 * it was. Async-signal-safe. */
void *memory_grow(void *memory, size_t size, size_t larger);

/* Unmaps a mapping of memory_map; NULL is accepted. Async-signal-safe. */
void memory_unmap(void *memory, size_t size);
