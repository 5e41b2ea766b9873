// SPDX-License-Identifier: MIT
/* See openings.h. Each function stores its own number after the call, so that no two bodies are
 * equal: then no compiler folds them into one, and the call is not a tail call. */
#define _GNU_SOURCE
#include "openings.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <mntent.h>
#include <mqueue.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../programs/frame.h"
#include "../programs/newer_kernel.h"
#include "../programs/raw.h"
#include "letters.h"

static struct mq_attr queue_attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
static const sigset_t no_signals;

static char *fresh(struct made *made)
{
	return strcpy(made->fresh, "fresh-XXXXXX");
}

static char *suffixed(struct made *made)
{
	return strcpy(made->fresh, "fresh-XXXXXX.tmp");
}

static const struct open_how read_only = {.flags = O_RDONLY | O_CLOEXEC};
static struct perf_event_attr clock_event = {
	.type = PERF_TYPE_SOFTWARE,
	.size = sizeof(clock_event),
	.config = PERF_COUNT_SW_CPU_CLOCK,
};

/* Inlined, like the functions after it, because the stack has to show the caller's name. */
static inline __attribute__((always_inline)) int open_by_handle(const char *path)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} file = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount;

	if (name_to_handle_at(AT_FDCWD, path, &file.handle, &mount, 0) != 0)
		return -1;
	return open_by_handle_at(AT_FDCWD, &file.handle, O_RDONLY | O_DIRECTORY);
}

static inline __attribute__((always_inline)) int fork_terminal(void)
{
	int terminal, status;
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		;
	return pid > 0 ? terminal : -1;
}

static inline __attribute__((always_inline)) int pidfd_of_peer(int socket)
{
	int pidfd;
	socklen_t length = sizeof(pidfd);

	return getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length) == 0 ? pidfd : -1;
}

static inline __attribute__((always_inline)) int receive_pidfd(int from, int to)
{
	const int yes = 1, no = 0;
	int pidfd = -1;

	if (setsockopt(to, SOL_SOCKET, SO_PASSPIDFD, &yes, sizeof(yes)) != 0)
		return -1;
	if (send(from, "", 1, MSG_DONTWAIT) == 1)
		pidfd = receive(to);
	setsockopt(to, SOL_SOCKET, SO_PASSPIDFD, &no, sizeof(no));
	return pidfd;
}

static inline __attribute__((always_inline)) int take_by_pidfd(int fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int taken = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	close(pidfd);
	return taken;
}

static inline __attribute__((always_inline)) int make_io_uring(void)
{
	uint32_t parameters[30] = {0}; /* struct io_uring_params: linux/io_uring.h */

	return (int)syscall(SYS_io_uring_setup, 4, parameters);
}

static inline __attribute__((always_inline)) int make_landlock_rules(void)
{
	const uint64_t handled_access = 1;

	return (int)syscall(SYS_landlock_create_ruleset, &handled_access, sizeof(handled_access),
			    0);
}

static inline __attribute__((always_inline)) int raw_openat(const char *path, int flags)
{
	return (int)raw_call(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, 0);
}

#define FD(call)     made->fd[0] = (call)
#define PAIR(call)   ((call) < 0 ? (void)(made->fd[0] = made->fd[1] = -1) : (void)0)
#define OBJECT(call) (made->object = (call), made->fd[0] = made->object ? fileno(made->object) : -1)
#define DIR_OBJECT(call)                                                                           \
	(made->object = (call), made->fd[0] = made->object ? dirfd(made->object) : -1)

#define SITE(name, number, statement)                                                              \
	FRAME static void name##_##number(struct made *made)                                       \
	{                                                                                          \
		statement;                                                                         \
		made->site = number;                                                               \
	}
#define OPENING(name, kind, owner, source, weight, statement)                                      \
	SITE(name, 0, statement)                                                                   \
	SITE(name, 1, statement)                                                                   \
	SITE(name, 2, statement)                                                                   \
	SITE(name, 3, statement)                                                                   \
	SITE(name, 4, statement)                                                                   \
	SITE(name, 5, statement)                                                                   \
	SITE(name, 6, statement)                                                                   \
	SITE(name, 7, statement)
#include "openings.list"
#undef OPENING

const struct family families[] = {
#define OPENING(name, kind, owner, source, weight, statement)                                      \
	{                                                                                          \
		#name,                                                                             \
		kind,                                                                              \
		owner,                                                                             \
		source,                                                                            \
		weight,                                                                            \
		{name##_0, name##_1, name##_2, name##_3, name##_4, name##_5, name##_6, name##_7}},
#include "openings.list"
#undef OPENING
};

const size_t family_count = sizeof(families) / sizeof(*families);
