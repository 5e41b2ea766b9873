// SPDX-License-Identifier: MIT
/*
 *     opens NAME
 *
 * Opens a descriptor through the function NAME, in a function called opens_by_NAME, and leaks it.
 * Prints its number (two for a pair), or "refused" and the errno. Files go to the current folder.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <mntent.h>
#include <mqueue.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "frame.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

int __open(const char *, int, ...), __open64(const char *, int, ...);
int __open_2(const char *, int), __open64_2(const char *, int), __mq_open_2(const char *, int);
int __openat_2(int, const char *, int), __openat64_2(int, const char *, int);
int __pipe(int[2]), __dup2(int, int), __fcntl(int, int, ...);
FILE *_IO_fopen(const char *, const char *), *_IO_popen(const char *, const char *);
FILE *__setmntent(const char *, const char *);
extern int pidfd_open(pid_t, unsigned int), pidfd_getfd(int, int, unsigned int);

static int second = -1; /* of a pair */

/* A template for mkstemp and its like. */
static char *fresh(int suffix)
{
	static char name[32];

	return strcpy(name, suffix ? "opens-XXXXXX.tmp" : "opens-XXXXXX");
}

static int number(FILE *stream)
{
	return stream ? fileno(stream) : -1;
}

static int first_of(int result, const int pair[2])
{
	if (result < 0)
		return -1;
	second = pair[1];
	return pair[0];
}

static struct sockaddr_in loopback = {.sin_family = AF_INET};

/* A listener that a connection waits at. */
static int listener(void)
{
	socklen_t size = sizeof(loopback);
	int fd = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&loopback, size) != 0 || listen(fd, 4) != 0 ||
	    getsockname(fd, (struct sockaddr *)&loopback, &size) != 0 ||
	    connect(client, (struct sockaddr *)&loopback, size) != 0)
		return -1;
	return fd;
}

/* A Unix socket where a descriptor waits to be received. */
static int mailbox(void)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec byte = {.iov_base = "x", .iov_len = 1};
	struct msghdr message = {.msg_iov = &byte,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int pair[2], fd = open("/dev/null", O_RDONLY);

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return -1;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(pair[0], &message, 0) == 1 ? pair[1] : -1;
}

static union {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
} letter;
static char letter_byte;
static struct iovec letter_part = {.iov_base = &letter_byte, .iov_len = 1};
static struct mmsghdr letters = {.msg_hdr = {.msg_iov = &letter_part,
					     .msg_iovlen = 1,
					     .msg_control = &letter,
					     .msg_controllen = sizeof(letter)}};

static int received(long result)
{
	int fd = -1;

	if (result >= 0)
		memcpy(&fd, CMSG_DATA(&letter.header), sizeof(fd));
	return fd;
}

static struct file_handle *handle_of(const char *path)
{
	static union {
		struct file_handle handle;
		char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} room;
	int mount;

	room.handle.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, path, &room.handle, &mount, 0) != 0)
		return NULL;
	return &room.handle;
}

static const sigset_t *no_signals(void)
{
	static sigset_t set;

	sigemptyset(&set);
	return &set;
}

static int child_of_forkpty(void)
{
	int master = -1;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	if (pid == 0)
		raise(SIGKILL);
	return pid < 0 ? -1 : master;
}

static struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
static struct perf_event_attr perf = {.type = PERF_TYPE_SOFTWARE,
				      .size = sizeof(struct perf_event_attr),
				      .config = PERF_COUNT_SW_DUMMY,
				      .exclude_kernel = 1};
static struct io_uring_params ring;
static struct open_how how = {.flags = O_RDONLY};

#include "opens.h"

/* FRAME functions, each with its one call. The number stays in a variable so that it is no tail. */
#define OPENS(name, prepare, call)                                                                 \
	FRAME static int opens_by_##name(int prepared)                                             \
	{                                                                                          \
		int pair[2] = {-1, -1};                                                            \
		volatile int fd = (call);                                                          \
                                                                                                   \
		(void)pair, (void)prepared;                                                        \
		return fd;                                                                         \
	}                                                                                          \
	static int prepare_##name(void)                                                            \
	{                                                                                          \
		return (prepare);                                                                  \
	}
EVERY_OPENING
#undef OPENS

static const struct {
	const char *name;
	int (*prepare)(void);
	int (*open)(int);
} cases[] = {
#define OPENS(name, prepare, call) {#name, prepare_##name, opens_by_##name},
	EVERY_OPENING
#undef OPENS
};

int main(int count, char **words)
{
	for (size_t i = 0; count == 2 && i < sizeof(cases) / sizeof(*cases); i++) {
		if (strcmp(cases[i].name, words[1]) != 0)
			continue;
		int prepared = cases[i].prepare();
		errno = 0;
		int fd = cases[i].open(prepared);
		if (fd < 0)
			printf("refused %d\n", errno);
		else if (second >= 0)
			printf("%d %d\n", fd, second);
		else
			printf("%d\n", fd);
		return 0;
	}
	fprintf(stderr, "usage: opens NAME\n");
	return 2;
}
