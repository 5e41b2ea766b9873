// SPDX-License-Identifier: MIT
/*
 * The memory of one snapshot: pieces are allocated while it is made, and all are freed at its end.
 * It uses neither the program's heap nor the ledger's arena, which never frees anything. Every part
 * of the snapshot that needs memory uses this. The functions are async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct scratch_chunk;

struct scratch {
	struct scratch_chunk *chunk; /* the newest, which links to the older ones; NULL at first */
	bool failed;                 /* an allocation has failed */
};

/* Returns size bytes, zeroed and aligned to 16; if there is no memory, sets failed and returns
 * NULL. */
void *scratch_alloc(struct scratch *scratch, size_t size);

/* The same for count elements of size bytes. If the product overflows, there is no memory. */
void *scratch_array(struct scratch *scratch, size_t count, size_t size);

/* Frees everything; the scratch can be used again. */
void scratch_release(struct scratch *scratch);
