// SPDX-License-Identifier: MIT
/*
 * A search table for binaries that have unwind data but no .eh_frame_hdr to find it by, as
 * `gcc -static` makes them: one pass over .eh_frame finds where each function's description is. The
 * result has the form of an .eh_frame_hdr (Linux Standard Base, 10.6.2), so that the walker
 * searches it as it does any other. The bytes come from a binary that may be damaged or hostile:
 * every length in them is checked. Used by remote_memory.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct unwind_entry {
	int32_t start;       /* of the function .. */
	int32_t description; /* .. and of its FDE, relative to base */
};

struct unwind_table {
	uint32_t encodings; /* as in the first word of an .eh_frame_hdr */
	int32_t frames;     /* not used */
	uint32_t count;     /* of entries, sorted by start, none twice */
	struct unwind_entry entries[];
};

/* Builds the table of the size bytes of .eh_frame that the program has at address; base is near
 * enough to the code and to them that 32 bits hold the distance: what lies further away is left
 * out. Returns the table, which the caller frees, and its size in bytes, a multiple of 8, in
 * table_size; NULL when there is no memory or no entry. */
struct unwind_table *unwind_table_build(const uint8_t *frames, size_t size, uint64_t address,
					uint64_t base, size_t *table_size);
