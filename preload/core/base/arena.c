// SPDX-License-Identifier: MIT
/*
 * See arena.h. A chunk's header counts what has been handed out of it; the thread whose addition
 * runs past the end maps a new chunk and tries to publish it, and the loser of that race unmaps its
 * own. The rest of a full chunk is lost, which costs less than a free list would.
 */
#include "arena.h"

#include <sys/mman.h>

#include "raw_syscall.h"
#include "sanitizer.h"

#if ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)0)
#endif

enum { CHUNK_SIZE = 256 * 1024, ALIGNMENT = 16 };

struct arena_chunk {
	_Atomic size_t used;
	size_t size;
	struct arena_chunk *next;
};

enum { HEADER = (sizeof(struct arena_chunk) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT };

void *memory_map(size_t size)
{
	long address = RAW(mmap, NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return address < 0 && address > -4096 ? NULL : (void *)address;
}

void *memory_grow(void *memory, size_t size, size_t larger)
{
	long grown = RAW(mremap, memory, size, larger, MREMAP_MAYMOVE);

	return grown < 0 && grown >= -4095 ? NULL : (void *)grown;
}

void memory_unmap(void *memory, size_t size)
{
	if (!memory)
		return;
	/* A thread that called _exit on a stack leaves AddressSanitizer's marks for its frames
	 * there. They must go, because the next mapping at this address would trip over them. */
	ASAN_UNPOISON_MEMORY_REGION(memory, size);
	RAW(munmap, memory, size);
}

static struct arena_chunk *chunk_create(struct arena *arena, size_t size)
{
	if (arena->limit && atomic_load(&arena->total) + size > arena->limit)
		return NULL;
	struct arena_chunk *chunk = memory_map(size);
	if (!chunk)
		return NULL;
	chunk->size = size;
	atomic_store(&chunk->used, HEADER);
	atomic_fetch_add(&arena->total, size);
	return chunk;
}

static void chunk_destroy(struct arena *arena, struct arena_chunk *chunk)
{
	atomic_fetch_sub(&arena->total, chunk->size);
	memory_unmap(chunk, chunk->size);
}

static void chunk_keep(struct arena *arena, struct arena_chunk *chunk)
{
	chunk->next = atomic_load(&arena->chunks);
	while (!atomic_compare_exchange_weak(&arena->chunks, &chunk->next, chunk))
		;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (size > CHUNK_SIZE / 4) {
		/* A large piece gets a mapping of its own and leaves the current chunk alone. */
		struct arena_chunk *own = chunk_create(arena, size + HEADER);
		if (own)
			chunk_keep(arena, own);
		return own ? (char *)own + HEADER : NULL;
	}
	for (;;) {
		struct arena_chunk *chunk =
			atomic_load_explicit(&arena->chunk, memory_order_acquire);
		if (chunk) {
			size_t at = atomic_fetch_add(&chunk->used, size);
			if (at + size <= chunk->size)
				return (char *)chunk + at;
		}
		struct arena_chunk *fresh = chunk_create(arena, CHUNK_SIZE);
		if (!fresh)
			return NULL;
		if (atomic_compare_exchange_strong(&arena->chunk, &chunk, fresh))
			chunk_keep(arena, fresh);
		else
			chunk_destroy(arena, fresh);
	}
}

void arena_release(struct arena *arena)
{
	struct arena_chunk *chunk = atomic_exchange(&arena->chunks, NULL);

	atomic_store(&arena->chunk, NULL);
	while (chunk) {
		struct arena_chunk *next = chunk->next;

		chunk_destroy(arena, chunk);
		chunk = next;
	}
}
