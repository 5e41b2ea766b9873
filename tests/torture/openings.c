// SPDX-License-Identifier: MIT
/* See openings.h. Each function stores its own number after the call: no two bodies are equal, so
 * no compiler folds them into one, and the call is nobody's tail. */
#define _GNU_SOURCE
#include "openings.h"

#include <dirent.h>
#include <fcntl.h>
#include <mntent.h>
#include <mqueue.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../programs/frame.h"
#include "../programs/raw.h"
#include "letters.h"

static struct mq_attr queue_attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
static const sigset_t no_signals;

static char *fresh(struct made *made)
{
	return strcpy(made->fresh, "fresh-XXXXXX");
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
