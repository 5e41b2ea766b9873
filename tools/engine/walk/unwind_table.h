// SPDX-License-Identifier: MIT
/*
 * A search table for binaries that have unwind data but no .eh_frame_hdr to find it by, as `gcc
 * -static` makes them. One pass over .eh_frame finds each function's description. The result has
 * the form of an .eh_frame_hdr (Linux Standard Base, 10.6.2), so that the walker searches it as it
 * does any other. The bytes come from a binary that may be damaged or hostile: every length in them
 * is checked. Used by remote_memory.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct unwind_entry {
	int32_t start;       /* of the function, relative to base .. */
	int32_t description; /* .. and of its FDE */
};

struct unwind_table {
	uint32_t encodings; /* as in the first word of an .eh_frame_hdr */
	int32_t frames;     /* not used */
	uint32_t count;     /* of entries, which are sorted by start; no start occurs twice */
	struct unwind_entry entries[];
};

/* Builds the table for an .eh_frame of size bytes, which the program has at address. Distances from
 * base to code and descriptions are kept in 32 bits; functions that are further away are left out.
 * Returns the table, which the caller frees, and its size in bytes, a multiple of 8, in table_size.
 * NULL: no memory, or no entry. */
struct unwind_table *unwind_table_build(const uint8_t *frames, size_t size, uint64_t address,
					uint64_t base, size_t *table_size);
