// SPDX-License-Identifier: MIT
/*
 * The memory of one snapshot: pieces are taken while it is made and all given back at its end.
 * It never touches the program's heap, nor the ledger's arena, which never gives anything back.
 * Used by every part of the snapshot that has to keep something.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct scratch_chunk;

struct scratch {
	struct scratch_chunk *chunk; /* the newest; older ones follow it. NULL at first */
	bool failed;                 /* some allocation found no memory */
};

/* Returns size bytes, zeroed, aligned to 16; NULL, and failed set, when there is no memory. */
void *scratch_alloc(struct scratch *scratch, size_t size);

/* The same for count elements of size bytes; an overflowing product is no memory. */
void *scratch_array(struct scratch *scratch, size_t count, size_t size);

/* Gives everything back. */
void scratch_release(struct scratch *scratch);
