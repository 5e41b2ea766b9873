// SPDX-License-Identifier: MIT
/* See scratch.h. Chunks come from mmap, so they are zeroed. A large piece gets a chunk of its
 * own. */
#include "scratch.h"

#include <stdint.h>

#include "preload/core/base/arena.h"

enum { CHUNK_SIZE = 256 * 1024, ALIGNMENT = 16 };

struct scratch_chunk {
	struct scratch_chunk *older;
	size_t size, used;
};

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static struct scratch_chunk *chunk_create(size_t size)
{
	struct scratch_chunk *chunk = memory_map(size);

	if (chunk) {
		chunk->size = size;
		chunk->used = aligned(sizeof(*chunk));
	}
	return chunk;
}

static void *take(struct scratch_chunk *chunk, size_t size)
{
	void *piece = (char *)chunk + chunk->used;

	chunk->used += size;
	return piece;
}

void *scratch_alloc(struct scratch *scratch, size_t size)
{
	struct scratch_chunk *newest = scratch->chunk;

	if (size > SIZE_MAX / 2) {
		scratch->failed = true;
		return NULL;
	}
	size = aligned(size ? size : 1);
	if (newest && size <= newest->size - newest->used)
		return take(newest, size);

	bool large = size > CHUNK_SIZE / 4;
	struct scratch_chunk *chunk =
		chunk_create(large ? size + aligned(sizeof(*chunk)) : (size_t)CHUNK_SIZE);
	if (!chunk) {
		scratch->failed = true;
		return NULL;
	}
	if (large && newest) { /* the rest of the newest chunk stays in use */
		chunk->older = newest->older;
		newest->older = chunk;
	} else {
		chunk->older = newest;
		scratch->chunk = chunk;
	}
	return take(chunk, size);
}

void *scratch_array(struct scratch *scratch, size_t count, size_t size)
{
	size_t product;

	if (__builtin_mul_overflow(count, size, &product)) {
		scratch->failed = true;
		return NULL;
	}
	return scratch_alloc(scratch, product);
}

void scratch_release(struct scratch *scratch)
{
	while (scratch->chunk) {
		struct scratch_chunk *chunk = scratch->chunk;

		scratch->chunk = chunk->older;
		memory_unmap(chunk, chunk->size);
	}
	scratch->failed = false;
}
