// SPDX-License-Identifier: MIT
/* See frozen_table.h. */
#include "frozen_table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/raw_syscall.h"
#include "proc.h"

/* Above ASKED_MAX most numbers may be closed, so probing all of them costs more than a listing. */
enum { ASKED_MAX = 1 << 16, LIMIT_MAX = 1 << 20, STATUS_MAX = 16 * 1024, ROOM_FIRST = 1024 };

static void take_size(const char *line, size_t length, void *data)
{
	proc_field(line, length, "FDSize:", 10, data);
}

/* How many numbers to probe if /proc doesn't tell the table's size. */
static uint64_t likely_size(int end)
{
	struct rlimit limit;
	uint64_t size = ASKED_MAX;

	if (RAW(prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) == 0 && limit.rlim_cur > size)
		size = limit.rlim_cur < LIMIT_MAX ? limit.rlim_cur : (uint64_t)LIMIT_MAX;
	return size > (uint64_t)end ? size : (uint64_t)end;
}

static void add(struct frozen_table *table, int fd, long flags)
{
	if (table->count == table->room) {
		size_t room = table->room ? 2 * table->room : (size_t)ROOM_FIRST;
		struct frozen_number *numbers =
			scratch_array(table->scratch, room, sizeof(*numbers));

		if (!numbers)
			return;
		if (table->count)
			memcpy(numbers, table->numbers, table->count * sizeof(*numbers));
		table->numbers = numbers;
		table->room = room;
	}
	table->numbers[table->count++] = (struct frozen_number){.fd = fd, .flags = (int)flags};
}

static void add_listed(int fd, void *data)
{
	add(data, fd, RAW(fcntl, fd, F_GETFD, 0));
}

int frozen_table_read(struct frozen_table *table, int end, struct scratch *scratch)
{
	uint64_t size = 0; /* numbers that the table has room for: proc(5), /proc/pid/status */

	*table = (struct frozen_table){.scratch = scratch};
	if (descriptor_open(-1) < 0)
		return ENOSYS;
	proc_each_line("/proc/self/status", STATUS_MAX, take_size, &size);
	if (size == 0) {
		size = likely_size(end);
	} else if (size > ASKED_MAX) {
		descriptors_each(add_listed, table);
		return scratch->failed ? ENOMEM : 0;
	}
	for (int fd = 0; fd < (int)size; fd++) {
		long flags = RAW(fcntl, fd, F_GETFD, 0);

		if (flags >= 0 || (flags != -EBADF && descriptor_open(fd) > 0))
			add(table, fd, flags);
	}
	return scratch->failed ? ENOMEM : 0;
}
