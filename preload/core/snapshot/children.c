// SPDX-License-Identifier: MIT
/*
 * See children.h. A socket's and a pipe's link in /proc has its inode, which no other one has.
 * Files are not compared, because two opens of one file have the same link. Only readlink(2) and
 * read(2) are needed, which snapshots make anyway: kcmp(2) would tell more, but a program's seccomp
 * filter may kill for it.
 */
#include "children.h"

#include <fcntl.h>
#include <string.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/raw_syscall.h"
#include "escape_text.h"
#include "proc.h"
#include "process_status.h"

enum { THREADS_MAX = 256, LIST_SIZE = 1024, LINK_SIZE = 64 };

struct search {
	struct children *children;
	int pid, threads;
};

/* "812 815 ": proc_pid_task_tid_children(5) */
static void take_list(struct children *children, const char *list)
{
	int pid = 0;

	for (; *list && children->count < CHILDREN_MAX; list++) {
		if (*list >= '0' && *list <= '9') {
			pid = pid * 10 + (*list - '0');
			continue;
		}
		/* We are one, too, while the process waits for its snapshot. */
		if (pid && pid != RAW(getpid))
			children->pids[children->count++] = pid;
		pid = 0;
	}
}

static void take_thread(int thread, void *data)
{
	struct search *search = data;
	char path[PROC_PATH_SIZE], list[LIST_SIZE];

	if (search->threads++ >= THREADS_MAX || search->children->count == CHILDREN_MAX)
		return;
	proc_read(proc_task_path(path, search->pid, (uint32_t)thread, "children"), list,
		  sizeof(list));
	take_list(search->children, list);
}

void children_find(struct children *children, int pid)
{
	char path[PROC_PATH_SIZE];
	struct search search = {.children = children, .pid = pid};
	long tasks = RAW(openat, AT_FDCWD, proc_pid_path(path, pid, "task"),
			 O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	children->count = 0;
	if (tasks < 0)
		return;
	descriptors_in((int)tasks, take_thread, &search);
	RAW(close, (int)tasks);
}

/* "flags:	02000001": the last digit has the access mode. */
static void take_mode(const char *line, size_t length, void *data)
{
	if (length > strlen("flags:") && memcmp(line, "flags:", strlen("flags:")) == 0)
		*(char *)data = line[length - 1];
}

/* Both ends of a pipe have the same inode, and differ in their access modes. */
static char mode_of(int pid, int fd)
{
	char path[PROC_PATH_SIZE], mode = '\0';

	proc_each_line(proc_fdinfo_path(path, pid, fd), LIST_SIZE, take_mode, &mode);
	return mode;
}

void children_put(const struct children *children, struct writer *writer,
		  const struct descriptor *descriptor, int holder)
{
	char own[LINK_SIZE], link[LINK_SIZE];
	int fd = descriptor->fd;

	if (!children->count ||
	    (!kind_is_socket(descriptor->kind) && descriptor->kind != KIND_PIPE))
		return;
	long length = proc_fd_link(holder, fd, own, sizeof(own));
	/* A named pipe has a path. */
	if (length <= 0 || own[0] == '/')
		return;
	for (size_t i = 0; i < children->count; i++) {
		int pid = children->pids[i];

		if (proc_fd_link(pid, fd, link, sizeof(link)) != length ||
		    memcmp(own, link, (size_t)length) != 0 ||
		    (descriptor->kind == KIND_PIPE && mode_of(pid, fd) != mode_of(holder, fd)))
			continue;
		put_string(writer, ", also open in process ");
		put_unsigned(writer, (uint64_t)pid);
		process_put_name(writer, pid);
	}
}
