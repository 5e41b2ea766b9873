// SPDX-License-Identifier: MIT
/*
 * A perf map of any bytes: each name that is found stands in the map, and is a part of one line.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/symbolize/perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/fdtrail-fuzz-XXXXXX", path[sizeof(folder) + 16];

static void remove_folder(void)
{
	unlink(path);
	rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct perf_map_name names[] = {
		{.address = 0},      {.address = 0x10},           {.address = 0x11},
		{.address = 0x1000}, {.address = 0x7fffffffffff}, {.address = UINT64_MAX},
	};
	const size_t count = sizeof(names) / sizeof(*names);

	if (!*path) {
		if (!mkdtemp(folder))
			abort();
		snprintf(path, sizeof(path), "%s/perf-1.map", folder);
		atexit(remove_folder);
	}
	FILE *file = fopen(path, "w");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
		abort();
	if (perf_map_find(folder, 1, 0, names, count) != 0)
		abort();
	for (size_t i = 0; i < count; i++) {
		const char *name = names[i].name;

		/* A NUL byte ends a line's name, but not the line. */
		if (name && (!*name || strlen(name) >= 4096 || strpbrk(name, "\r\n") ||
			     !memmem(data, size, name, strlen(name))))
			abort();
		free(names[i].name);
	}
	return 0;
}
