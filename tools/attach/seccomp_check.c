// SPDX-License-Identifier: MIT
/*
 * See seccomp_check.h. The filters are run as the tracer runs those of its own process
 * (preload/core/base/seccomp.h). That is for one process and all of its raw system calls, so a
 * child of ours does it.
 */
#include "seccomp_check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/core/base/seccomp.h"
#include "preload/core/base/syscall_numbers.h"
#include "preload/core/snapshot/proc.h"

enum {
	GET_FILTER = 0x420c, /* PTRACE_SECCOMP_GET_FILTER: linux/ptrace.h */
	FILTERS_MAX = 32,
	STATUS_MAX = 16384,
	NEW_THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		     CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
	PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS,
};

/* The calls of the borrowed thread, of the new one, of the loader in it, and of the library for its
 * hooks and snapshots. An argument that isn't here is 0. */
#define CALL(name, ...)                                                                            \
	{                                                                                          \
#name, SYS_##name,                                                                 \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
static const struct {
	const char *name;
	long number, arguments[6];
} calls[] = {
	CALL(mmap, 0, 4096, PROT_READ | PROT_WRITE, PRIVATE, -1),
	CALL(mmap, 0, 4096, PROT_READ | PROT_EXEC, PRIVATE, -1),
	CALL(mmap, 4096, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, 3),
	CALL(munmap, 4096, 4096),
	CALL(mprotect, 4096, 4096, PROT_READ | PROT_WRITE),
	CALL(mprotect, 4096, 4096, PROT_READ),
	CALL(madvise, 4096, 4096),
	CALL(clone, NEW_THREAD),
	CALL(clone, CLONE_VM | CLONE_VFORK),
	CALL(clone3),
	CALL(set_robust_list),
	CALL(rseq),
	CALL(exit),
	CALL(exit_group),
	CALL(rt_sigprocmask),
	CALL(rt_sigaction, 10),
	CALL(rt_sigreturn),
	CALL(close_range, 0, -1, 2),
	CALL(unshare, CLONE_FILES),
	CALL(memfd_create),
	CALL(write, 3),
	CALL(writev, 2),
	CALL(dup2, 3),
	CALL(dup3, 3, 2, O_CLOEXEC),
	CALL(openat, AT_FDCWD, 0, O_RDONLY | O_CLOEXEC),
	CALL(openat, AT_FDCWD, 0, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
	CALL(read, 3),
	CALL(pread64, 3),
	CALL(close, 3),
	CALL(newfstatat, AT_FDCWD),
	CALL(fstat, 3),
	CALL(statx, AT_FDCWD),
	CALL(fstatfs, 3),
	CALL(readlinkat, AT_FDCWD),
	CALL(getdents64, 3),
	CALL(fcntl, 3, F_GETFD),
	CALL(ioctl, 3),
	CALL(getsockopt, 3, SOL_SOCKET, SO_DOMAIN),
	CALL(getsockname, 3),
	CALL(getpeername, 3),
	CALL(getpid),
	CALL(gettid),
	CALL(getppid),
	CALL(getuid),
	CALL(geteuid),
	CALL(pidfd_open),
	CALL(pidfd_getfd),
	CALL(process_vm_readv),
	CALL(prlimit64),
	CALL(prctl, 3),
	CALL(clock_gettime, 1),
	CALL(nanosleep),
	CALL(sched_yield),
	CALL(futex),
	CALL(ppoll),
	CALL(tgkill),
	CALL(wait4),
	CALL(uname),
	CALL(eventfd2),
};

/* The number of filters, or a negative errno. The caller frees their instructions. */
static int read_filters(int tid, struct sock_fprog *filters)
{
	for (int i = 0; i < FILTERS_MAX; i++) {
		enum __ptrace_request get = (enum __ptrace_request)GET_FILTER;
		long length = ptrace(get, tid, (void *)(long)i, NULL);

		if (length < 0)
			return errno == ENOENT ? i : -errno;
		if (!length || length > BPF_MAXINSNS)
			return -EINVAL;
		filters[i].filter = calloc((size_t)length, sizeof(*filters[i].filter));
		if (!filters[i].filter)
			return -ENOMEM;
		filters[i].len = (unsigned short)length;
		if (ptrace(get, tid, (void *)(long)i, filters[i].filter) != length)
			return -errno;
	}
	return -E2BIG;
}

/* Runs in the child. The index of the first call that a filter forbids, or the number of calls; -1:
 * a filter can't be run. */
static int find_forbidden(const struct sock_fprog *filters, int count)
{
	size_t i = 0;

	for (int filter = 0; filter < count; filter++) {
		long kept = seccomp_keep(&filters[filter]);

		if (kept == SECCOMP_NOT_KEPT)
			return -1;
		seccomp_use(kept);
	}
	while (i < sizeof(calls) / sizeof(*calls)) {
		const long *a = calls[i].arguments;

		if (seccomp_forbids(calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]))
			break;
		i++;
	}
	return (int)i;
}

static void take_mode(const char *line, size_t length, void *data)
{
	proc_field(line, length, "Seccomp:", 10, data);
}

static bool is_filtered(int tid)
{
	char path[PROC_PATH_SIZE];
	uint64_t mode = 0;

	proc_each_line(proc_pid_path(path, tid, "status"), STATUS_MAX, take_mode, &mode);
	return mode != 0;
}

int seccomp_check(int tid, const char **call)
{
	struct sock_fprog filters[FILTERS_MAX] = {0};

	*call = NULL;
	if (!is_filtered(tid))
		return 0;
	int count = read_filters(tid, filters), status = 0, result = count;
	pid_t child = count > 0 ? fork() : 0;

	if (count > 0 && child == 0)
		syscall(SYS_exit_group, find_forbidden(filters, count));
	if (child < 0)
		result = -errno;
	if (child > 0) {
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		size_t index = WIFEXITED(status) ? (size_t)WEXITSTATUS(status) : 255;
		bool known = index <= sizeof(calls) / sizeof(*calls);
		bool forbidden = index < sizeof(calls) / sizeof(*calls);

		if (forbidden)
			*call = calls[index].name;
		result = !known ? -ENOTSUP : forbidden;
	}
	for (int i = 0; i < FILTERS_MAX; i++)
		free(filters[i].filter);
	return result;
}

_Static_assert(sizeof(calls) / sizeof(*calls) < 250, "an index is an exit status");
