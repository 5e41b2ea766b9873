// SPDX-License-Identifier: MIT
/*
 * Go's function table in any bytes: nothing outside of the file is read, and all names in the
 * answers are terminated.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/symbolize/pclntab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pclntab *table = pclntab_create(data, size);
	struct pclntab_location found[PCLNTAB_LOCATIONS_MAX];
	struct pclntab_function function;

	/* The text of the inputs in pclntab/ is there. */
	for (uint64_t pc = 0x400fff; table && pc <= 0x401060; pc++) {
		size_t count = pclntab_locations(table, pc, found, PCLNTAB_LOCATIONS_MAX);

		for (size_t i = 0; i < count; i++) {
			pclntab_is_standard(found[i].function);
			if (found[i].file && strlen(found[i].file) > size)
				abort();
		}
		if (pclntab_find(table, pc, &function)) {
			if (strlen(function.name) > size || pc < function.entry ||
			    pc >= function.end)
				abort();
			pclntab_frame_size(table, &function, pc);
		}
	}
	pclntab_destroy(table);
	return 0;
}
