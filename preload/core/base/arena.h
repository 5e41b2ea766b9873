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
	_Atomic(struct arena_chunk *) chunk;  /* that pieces are taken from */
	_Atomic(struct arena_chunk *) chunks; /* all of them */
	_Atomic size_t total;                 /* bytes taken from mmap, for figures and limits */
	size_t limit;                         /* most bytes to take from mmap; 0: no limit */
};

/* Returns size bytes, zeroed, aligned to 16, that live as long as the process; NULL when the system
 * gives no memory or the arena's limit is met. Async-signal-safe, any thread. */
void *arena_alloc(struct arena *arena, size_t size);

/* Gives everything back; the arena is as new. Nobody may be using it. */
void arena_release(struct arena *arena);

/* Maps size bytes, zeroed; NULL on failure. Untouched pages cost no memory. Async-signal-safe. */
void *memory_map(size_t size);

/* Makes what memory_map returned larger, and may move it; NULL: it is as it was. Async-signal-safe.
 */
void *memory_grow(void *memory, size_t size, size_t larger);

/* Gives back what memory_map returned; NULL is accepted. */
void memory_unmap(void *memory, size_t size);
