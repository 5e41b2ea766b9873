// SPDX-License-Identifier: MIT
/* See frozen_table.h. */
#include "frozen_table.h"

#include "../base/descriptors.h"
#include "proc.h"

/* Above it most numbers may be closed, and asking for all of them costs more than listing. */
enum { ASKED_MAX = 1 << 16, STATUS_MAX = 16 * 1024 };

static void take_size(const char *line, size_t length, void *data)
{
	proc_field(line, length, "FDSize:", 10, data);
}

bool frozen_table_each(void (*each)(int fd, void *data), void *data)
{
	if (descriptor_open(-1) < 0)
		return false;

	uint64_t size = 0; /* how many numbers the table has room for: proc(5), /proc/pid/status */

	proc_each_line("/proc/self/status", STATUS_MAX, take_size, &size);
	if (size == 0 || size > ASKED_MAX) {
		descriptors_each(each, data);
		return true;
	}
	for (int fd = 0; fd < (int)size; fd++)
		if (descriptor_open(fd) > 0)
			each(fd, data);
	return true;
}
