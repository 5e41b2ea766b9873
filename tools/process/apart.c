// SPDX-License-Identifier: MIT
/* See apart.h. A thread that is ending has no table any more, so a thread without open descriptors
 * doesn't count. */
#include "apart.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/snapshot/proc.h"

struct search {
	int holder;
	int first;
	size_t count;
};

static bool list(const char *path, void (*each)(int number, void *data), void *data)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return false;
	bool listed = descriptors_in(folder, each, data) == 0;
	close(folder);
	return listed;
}

static void count_one(int fd, void *data)
{
	++*(size_t *)data;
}

static void compare(int thread, void *data)
{
	struct search *search = data;
	char path[PROC_PATH_SIZE];
	size_t open = 0;

	if (thread == search->holder ||
	    syscall(SYS_kcmp, thread, search->holder, KCMP_FILES, 0, 0) <= 0 ||
	    !list(proc_pid_path(path, thread, "fd"), count_one, &open) || !open)
		return;
	search->first = search->count++ ? search->first : thread;
}

size_t apart_threads(int pid, int holder, int *first)
{
	struct search search = {.holder = holder};
	char path[PROC_PATH_SIZE];

	list(proc_pid_path(path, pid, "task"), compare, &search);
	*first = search.first;
	return search.count;
}
