// SPDX-License-Identifier: MIT
/* A source map of any bytes: each line leads to a line of a source of the map, or nowhere. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/symbolize/source_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source_map *map = source_map_read((const char *)data, size);
	size_t decoded;

	for (int line = -1; map && line < 100; line++) {
		const char *source = NULL;
		int found = source_map_line(map, line, &source);

		if (found < 0 || (found && (!source || !*source)))
			abort();
	}
	source_map_destroy(map);
	free(source_map_inline((const char *)data, size, &decoded));
	return 0;
}
