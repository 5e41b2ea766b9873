// SPDX-License-Identifier: MIT
/* See frozen_table.h. */
#include "frozen_table.h"

#include <sys/resource.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/raw_syscall.h"
#include "proc.h"

/* Above ASKED_MAX most numbers may be closed, and asking for all of them costs more than listing. */
enum { ASKED_MAX = 1 << 16, LIMIT_MAX = 1 << 20, STATUS_MAX = 16 * 1024 };

static void take_size(const char *line, size_t length, void *data)
{
	proc_field(line, length, "FDSize:", 10, data);
}

/* How many numbers to ask for where /proc does not say how large the table is. */
static uint64_t likely_size(int end)
{
	struct rlimit limit;
	uint64_t size = ASKED_MAX;

	if (RAW(prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) == 0 && limit.rlim_cur > size)
		size = limit.rlim_cur < LIMIT_MAX ? limit.rlim_cur : (uint64_t)LIMIT_MAX;
	return size > (uint64_t)end ? size : (uint64_t)end;
}

bool frozen_table_each(int end, void (*each)(int fd, void *data), void *data)
{
	if (descriptor_open(-1) < 0)
		return false;

	uint64_t size = 0; /* how many numbers the table has room for: proc(5), /proc/pid/status */

	proc_each_line("/proc/self/status", STATUS_MAX, take_size, &size);
	if (size == 0) {
		size = likely_size(end);
	} else if (size > ASKED_MAX) {
		descriptors_each(each, data);
		return true;
	}
	for (int fd = 0; fd < (int)size; fd++)
		if (descriptor_open(fd) > 0)
			each(fd, data);
	return true;
}
