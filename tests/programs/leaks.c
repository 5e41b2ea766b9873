// SPDX-License-Identifier: MIT
/*
 *     leaks KIND
 *
 * Leaks three times in one way. The line that a close should have followed ends in "leak: KIND".
 * scripts/leak-table runs each KIND, and puts fdtrail's output for it into
 * docs/kinds-of-leaks.md.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "frame.h"

enum { TIMES = 3 };

/* The program is its own client, and its own server. */
static int listener = -1;
static struct sockaddr_in address = {.sin_family = AF_INET};
static const char *self;

FRAME static int read_number(const char *path)
{
	char text[8] = "";
	int fd = open(path, O_RDONLY); /* leak: error-path */

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	close(fd);
	return atoi(text);
}

static void error_path(void)
{
	read_number("/proc/version");
}

FRAME static int open_record(void)
{
	volatile int fd = open("/dev/null", O_RDONLY); /* leak: helper */

	return fd;
}

FRAME static int load(void)
{
	volatile int fd = open_record();

	return fd;
}

FRAME static int reload(void)
{
	volatile int fd = open_record();

	return fd;
}

static void helper(void)
{
	load();
	reload();
}

FRAME static int open_shared(void)
{
	volatile int fd = open("/dev/zero", O_RDONLY); /* leak: one-caller */

	return fd;
}

FRAME static int forgets(void)
{
	volatile int fd = open_shared();

	return fd;
}

FRAME static void remembers(void)
{
	int fd = open_shared();

	close(fd);
}

static void one_caller(void)
{
	forgets();
	for (int i = 0; i < TIMES; i++)
		remembers();
}

FRAME static int descend(int depth)
{
	volatile int fd = depth ? descend(depth - 1) : 0;

	if (depth == 1)
		fd = open("/dev/null", O_RDONLY); /* leak: recursion */
	return fd;
}

static void recursion(void)
{
	static int depth;

	descend(++depth);
}

FRAME static int read_config(void)
{
	FILE *file = fopen("/proc/version", "r"); /* leak: FILE */

	return file ? fgetc(file) : -1;
}

static void stream(void)
{
	read_config();
}

FRAME static int count_entries(void)
{
	DIR *folder = opendir("/proc/self/task"); /* leak: DIR */

	return folder && readdir(folder) ? 1 : 0;
}

static void folder(void)
{
	count_entries();
}

FRAME static int ask_shell(void)
{
	FILE *shell = popen("echo", "r"); /* leak: popen */

	return shell ? fgetc(shell) : -1;
}

static void shell(void)
{
	ask_shell();
}

FRAME static int spool(void)
{
	char path[] = "/tmp/fdtrail-leaks.XXXXXX";
	volatile int fd = mkstemp(path); /* leak: deleted */

	unlink(path);
	return ftruncate(fd, 1 << 20);
}

static void deleted(void)
{
	spool();
}

FRAME static int wake_up(void)
{
	int ends[2];

	return pipe2(ends, O_CLOEXEC); /* leak: pipe */
}

static void pipes(void)
{
	wake_up();
}

FRAME static int pair_up(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends); /* leak: socketpair */
}

static void pairs(void)
{
	pair_up();
}

FRAME static int make_event(void)
{
	volatile int fd = eventfd(0, EFD_CLOEXEC); /* leak: eventfd */

	return fd;
}

static void event(void)
{
	make_event();
}

FRAME static int make_loop(void)
{
	volatile int fd = epoll_create1(EPOLL_CLOEXEC); /* leak: epoll */

	return fd;
}

static void loop(void)
{
	make_loop();
}

FRAME static int make_timer(void)
{
	volatile int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC); /* leak: timerfd */

	return fd;
}

static void timer(void)
{
	make_timer();
}

FRAME static int watch_folder(void)
{
	volatile int fd = inotify_init1(IN_CLOEXEC); /* leak: inotify */

	return inotify_add_watch(fd, "/", IN_DELETE_SELF);
}

static void watch(void)
{
	watch_folder();
}

FRAME static int share_memory(void)
{
	volatile int fd = memfd_create("buffer", MFD_CLOEXEC); /* leak: memfd */

	return fd;
}

static void memory(void)
{
	share_memory();
}

FRAME static int save_output(void)
{
	volatile int fd = dup(STDOUT_FILENO); /* leak: dup */

	return fd;
}

static void copy(void)
{
	save_output();
}

static void *work(void *unused)
{
	volatile int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); /* leak: thread */

	(void)unused;
	(void)fd;
	return NULL;
}

static void thread(void)
{
	pthread_t id;

	if (pthread_create(&id, NULL, work, NULL) == 0)
		pthread_join(id, NULL);
}

FRAME static int take_over(int from)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control;
	char byte;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	return (int)recvmsg(from, &message, MSG_CMSG_CLOEXEC); /* leak: SCM_RIGHTS */
}

static void pass(void)
{
	int ends[2], given[] = {STDOUT_FILENO, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(given))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(given)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS}};
	char byte = 0;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return;
	memcpy(CMSG_DATA(&control.header), given, sizeof(given));
	if (sendmsg(ends[0], &message, 0) == 1)
		take_over(ends[1]);
	close(given[1]);
	close(ends[0]);
	close(ends[1]);
}

static void hear(void)
{
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener >= 0)
		return;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (void *)&address, length) != 0 || listen(listener, TIMES) != 0 ||
	    getsockname(listener, (void *)&address, &length) != 0)
		exit(1);
}

FRAME static int take_client(void)
{
	volatile int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC); /* leak: accept */

	return fd;
}

/* The client goes away. */
static void accepts(void)
{
	hear();
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(client, (void *)&address, sizeof(address)) == 0)
		take_client();
	close(client);
}

FRAME static int resolve(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* leak: udp */

	return connect(fd, (void *)&address, sizeof(address)) == 0 ? fd : -1;
}

static void datagrams(void)
{
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(53);
	resolve();
}

FRAME static int ask(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* leak: CLOSE_WAIT */
	char answer = 0;

	if (connect(fd, (void *)&address, sizeof(address)) != 0 || write(fd, "?", 1) != 1)
		return -1;
	int served = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (read(served, &answer, 1) == 1)
		answer = write(served, "!", 1) == 1;
	close(served);
	return read(fd, &answer, 1) == 1 ? answer : -1;
}

static void asks(void)
{
	hear();
	ask();
}

/* Left open over exec(3), and so inherited by the new program, whose leak it is not. */
static void over_exec(void)
{
	static int times;

	if (++times == TIMES)
		execl(self, self, "nothing", (char *)NULL);
	open_record();
}

static void nothing(void)
{
}

int main(int count, char **words)
{
	static const struct {
		const char *kind;
		void (*leak)(void);
	} kinds[] = {
		{"error-path", error_path},
		{"helper", helper},
		{"one-caller", one_caller},
		{"recursion", recursion},
		{"FILE", stream},
		{"DIR", folder},
		{"popen", shell},
		{"deleted", deleted},
		{"pipe", pipes},
		{"socketpair", pairs},
		{"eventfd", event},
		{"epoll", loop},
		{"timerfd", timer},
		{"inotify", watch},
		{"memfd", memory},
		{"dup", copy},
		{"thread", thread},
		{"SCM_RIGHTS", pass},
		{"udp", datagrams},
		{"accept", accepts},
		{"CLOSE_WAIT", asks},
		{"exec", over_exec},
		{"nothing", nothing},
	};

	self = words[0];
	for (size_t i = 0; count > 1 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].kind, words[1]) == 0) {
			for (int time = 0; time < TIMES; time++)
				kinds[i].leak();
			if (listener >= 0)
				close(listener);
			return 0;
		}
	return 2;
}
