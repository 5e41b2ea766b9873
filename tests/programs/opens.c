// SPDX-License-Identifier: MIT
/*
 *     opens NAME
 *
 * Opens a descriptor through the function NAME, in a function called opens_by_NAME, and leaks it.
 * Prints its number (two for a pair), or "refused" and the errno. Files are made in the current
 * folder.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <mntent.h>
#include <mqueue.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
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
#include <unistd.h>

#include "frame.h"
#include "newer_kernel.h"

int __open(const char *, int, ...), __open64(const char *, int, ...);
int __open_2(const char *, int), __open64_2(const char *, int), __mq_open_2(const char *, int);
int __openat_2(int, const char *, int), __openat64_2(int, const char *, int);
int __pipe(int[2]), __dup2(int, int), __fcntl(int, int, ...);
FILE *_IO_fopen(const char *, const char *), *_IO_popen(const char *, const char *);
FILE *__setmntent(const char *, const char *);

static int second = -1; /* of a pair */

/* A template for mkstemp and its relatives. */
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

/* The same for a function that returns the first number itself. */
static int pair_of(int first, int pair[2])
{
	pair[0] = first;
	return first_of(first, pair);
}

static int first_of_one(int result, const int *fd)
{
	return result < 0 ? -1 : *fd;
}

static struct sockaddr_in loopback = {.sin_family = AF_INET};

/* A listener with a connection waiting. */
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

/* A Unix socket with a descriptor waiting to be received. */
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

/* A server for rcmd(3) and rexec(3) on the loopback: answers one call in a thread of its own,
 * with the second connection that the call requests. Returns the port in the form that these
 * functions take. */
static struct sockaddr_storage shell_address;
static char *host, *const here[] = {".", NULL};

static void read_word(int fd, char word[64])
{
	for (size_t i = 0; i < 63 && read(fd, word + i, 1) == 1 && word[i]; i++)
		word[i + 1] = 0;
}

static void *answer(void *listening)
{
	char word[64] = "";
	int fd = accept((int)(intptr_t)listening, NULL, NULL), port = IPPORT_RESERVED - 1;
	int back = rresvport_af(&port, shell_address.ss_family);

	read_word(fd, word);
	/* The port has the same offset in both families. */
	((struct sockaddr_in *)&shell_address)->sin_port = htons((uint16_t)atoi(word));
	if (back < 0 ||
	    connect(back, (struct sockaddr *)&shell_address, sizeof(shell_address)) != 0)
		return NULL;
	for (int i = 0; i < 3; i++)
		read_word(fd, word);
	if (write(fd, "", 1) != 1)
		perror("answer");
	return NULL;
}

static int remote_shell(int family)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&shell_address;
	struct sockaddr_in *four = (struct sockaddr_in *)&shell_address;
	socklen_t size = sizeof(shell_address);
	int fd = socket(family, SOCK_STREAM, 0);
	pthread_t thread;

	shell_address.ss_family = (sa_family_t)family;
	if (family == AF_INET6)
		six->sin6_addr = in6addr_loopback;
	else
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	host = family == AF_INET6 ? "::1" : "127.0.0.1";
	if (bind(fd, (struct sockaddr *)&shell_address,
		 family == AF_INET6 ? sizeof(*six) : sizeof(*four)) != 0 ||
	    listen(fd, 1) != 0 || getsockname(fd, (struct sockaddr *)&shell_address, &size) != 0 ||
	    pthread_create(&thread, NULL, answer, (void *)(intptr_t)fd) != 0)
		return -1;
	pthread_detach(thread);
	return four->sin_port;
}

static int pair_of_sockets(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 ? pair[0] : -1;
}

/* A Unix socket with a byte and a pidfd of its sender waiting to be received. */
static int mailbox_of_pidfds(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 ||
	    setsockopt(pair[0], SOL_SOCKET, SO_PASSPIDFD, &(int){1}, sizeof(int)) != 0 ||
	    write(pair[1], "x", 1) != 1)
		return -1;
	return pair[0];
}

/* A file system that is ready to be mounted. */
static int file_system(void)
{
	int fd = fsopen("tmpfs", 0);

	return fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0 ? fd : -1;
}

static char ends_on[16384] __attribute__((aligned(16)));
static int ends(void *unused)
{
	(void)unused;
	raise(SIGKILL);
	return 0;
}

static int kept_by(const FTS *tree)
{
	return tree ? tree->fts_rfd : -1;
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
static union bpf_attr map = {
	.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
static struct perf_event_attr perf = {.type = PERF_TYPE_SOFTWARE,
				      .size = sizeof(struct perf_event_attr),
				      .config = PERF_COUNT_SW_DUMMY,
				      .exclude_kernel = 1};
static struct io_uring_params ring;
static struct open_how how = {.flags = O_RDONLY};

#include "opens.h"

/* FRAME functions with one call each. The number stays in a variable, so that the call is no
 * tail call. */
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
