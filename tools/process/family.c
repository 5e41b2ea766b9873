// SPDX-License-Identifier: MIT
/*
 * See family.h. /proc/PID/task/TID/children (proc_pid_children(5)) names the children of each
 * thread. A kernel built without CONFIG_PROC_CHILDREN has no such file: then the parent of every
 * process is read.
 */
#include "family.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/snapshot/proc.h"
#include "process.h"

enum {
	ENDING_NAPS = 100, /* of a millisecond each */
	NAME_LENGTH = 15,  /* TASK_COMM_LEN - 1, include/linux/sched.h */
};

/* A search in a folder of /proc whose entries are numbers. */
struct search {
	int pid;
	const char *name; /* of processes, as the kernel cuts it */
	struct list *found;
	int error;
};

static void add(struct list *list, int pid)
{
	if (!family_has(list, pid))
		*(int *)list_add(list, sizeof(int)) = pid;
}

static int each_number(const char *path, void (*each)(int number, void *data), void *data)
{
	int folder, error;

	if (!proc_has_our_numbers())
		return -EXDEV;
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	error = descriptors_in(folder, each, data);
	close(folder);
	return error == -ENOENT ? -ESRCH : error;
}

static void add_if_child(int number, void *data)
{
	const struct search *search = data;
	struct process process;

	if (process_read(&process, number) == 0 && process.parent == search->pid)
		add(search->found, number);
}

static void add_if_traced(int number, void *data)
{
	const struct search *search = data;
	struct process process;

	if (process_read(&process, number) == 0 && process.tracer == search->pid)
		add(search->found, number);
}

static void add_if_named(int number, void *data)
{
	const struct search *search = data;
	struct process process;

	if (number != getpid() && process_read(&process, number) == 0 &&
	    strcmp(process.name, search->name) == 0 && !family_is_none(number))
		add(search->found, number);
}

/* Adds the children of one thread. If the thread has ended, they now belong to another thread of
 * its process, perhaps to one that was read before; then search->error is -ENOENT. */
static void add_children_of(int thread, void *data)
{
	struct search *search = data;
	char path[PROC_PATH_SIZE];
	int child;

	proc_task_path(path, search->pid, (uint32_t)thread, "children");
	FILE *file = fopen(path, "re");
	if (!file) {
		search->error = -errno;
		return;
	}
	while (fscanf(file, "%d", &child) == 1)
		add(search->found, child);
	if (ferror(file)) /* the thread has ended */
		search->error = -ENOENT;
	fclose(file);
}

/* A helper shares its parent's memory, and has no exit signal. If the kernel can't compare memory,
 * the missing signal decides. A helper that ends releases the memory a moment before, so this looks
 * several times. */
bool family_is_none(int pid)
{
	for (int naps = 0; naps < ENDING_NAPS; naps++) {
		struct process process;
		int error = process_read(&process, pid);

		if (error == -ESRCH || (!error && process_has_ended(&process)))
			return true;
		if (error || process.exit_signal)
			return false;
		if (syscall(SYS_kcmp, pid, process.parent, KCMP_VM, 0, 0) <= 0)
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

/* Removes processes that don't belong to the program, and ourselves. */
static void drop_others(struct list *list)
{
	int *pids = list->items;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (pids[i] != getpid() && !family_is_none(pids[i]))
			pids[kept++] = pids[i];
	list->count = kept;
}

int family_children(int pid, struct list *children)
{
	struct search search = {.pid = pid, .found = children};
	char path[PROC_PATH_SIZE];
	int error = each_number(proc_pid_path(path, pid, "task"), add_children_of, &search);

	if (!error && search.error == -ENOENT)
		error = each_number("/proc", add_if_child, &search);
	else if (!error)
		error = search.error;
	if (!error)
		drop_others(children);
	return error;
}

int family_tracees(int pid, struct list *tracees)
{
	struct search search = {.pid = pid, .found = tracees};

	return each_number("/proc", add_if_traced, &search);
}

int family_named(const char *name, struct list *named)
{
	char cut[NAME_LENGTH + 1];
	struct search search = {.name = cut, .found = named};

	snprintf(cut, sizeof(cut), "%s", name);
	return each_number("/proc", add_if_named, &search);
}

bool family_has(const struct list *list, int pid)
{
	const int *pids = list->items;

	for (size_t i = 0; i < list->count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

int family_oldest(const struct list *list)
{
	const int *pids = list->items;
	struct process oldest = {0};

	for (size_t i = 0; i < list->count; i++) {
		struct process process;

		if (process_read(&process, pids[i]) == 0 &&
		    (!oldest.pid || process.started_ticks < oldest.started_ticks ||
		     (process.started_ticks == oldest.started_ticks && process.pid < oldest.pid)))
			oldest = process;
	}
	return oldest.pid;
}
