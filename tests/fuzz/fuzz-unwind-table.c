// SPDX-License-Identifier: MIT
/*
 * The search table built from an .eh_frame of any bytes: it is sorted, has no start twice, and
 * points into the section.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/engine/walk/unwind_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t base = 0x400000, address = 0x480000;
	size_t table_size = 0;
	uint8_t *exact = malloc(size ? size : 1); /* so that a read past the end is noticed */

	if (!exact)
		return 0;
	memcpy(exact, data, size);
	struct unwind_table *table = unwind_table_build(exact, size, address, base, &table_size);
	free(exact);
	if (!table)
		return 0;
	if (!table->count || table_size % 8 ||
	    table_size < sizeof(*table) + table->count * sizeof(*table->entries))
		abort();
	for (uint32_t i = 0; i < table->count; i++) {
		uint64_t place = base + (uint64_t)(int64_t)table->entries[i].description;

		if (place < address || place >= address + size)
			abort();
		if (i && table->entries[i].start <= table->entries[i - 1].start)
			abort();
	}
	free(table);
	return 0;
}
