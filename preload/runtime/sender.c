// SPDX-License-Identifier: MIT
/* See sender.h. */
#include "sender.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "preload/core/base/raw_syscall.h"
#include "preload/core/snapshot/proc.h"
#include "runtime.h"

enum { STATUS_MAX = 16384 };

static bool has_our_file(int pid)
{
	char path[PROC_PATH_SIZE], file[PATH_MAX];
	size_t length = strlen(runtime.main_path);

	return RAW(readlinkat, AT_FDCWD, proc_pid_path(path, pid, "exe"), file, sizeof(file)) ==
		       (long)length &&
	       memcmp(file, runtime.main_path, length) == 0;
}

static void take_parent(const char *line, size_t length, void *data)
{
	proc_field(line, length, "PPid:", 10, data);
}

bool sender_is_program(int pid)
{
	int own = atomic_load(&runtime.pid), forked_from = atomic_load(&runtime.forked_from);
	char path[PROC_PATH_SIZE];
	uint64_t parent = 0;

	if (pid == own || pid == forked_from)
		return true;
	if (!proc_has_our_numbers() || !has_our_file(pid))
		return false;
	proc_each_line(proc_pid_path(path, pid, "status"), STATUS_MAX, take_parent, &parent);
	return parent && ((int)parent == own || (int)parent == forked_from);
}
