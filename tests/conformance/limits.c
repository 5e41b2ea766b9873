// SPDX-License-Identifier: MIT
/* Cases at the limit of RLIMIT_NOFILE: which call fails first, how, and what it leaves behind. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <pty.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"

enum { LIMIT = 16 };

static int pair[2];

static void set_limit(rlim_t limit)
{
	struct rlimit both;

	getrlimit(RLIMIT_NOFILE, &both);
	both.rlim_cur = limit;
	setrlimit(RLIMIT_NOFILE, &both);
}

/* Leaves this many numbers below the limit free. */
static void leave(int count)
{
	set_limit(LIMIT);
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	for (int fd = LIMIT - count; fd < LIMIT; fd++)
		close(fd);
}

#define FILLS(name, call)                                                                          \
	static void fills_by_##name(void)                                                          \
	{                                                                                          \
		leave(2);                                                                          \
		CALL(call);                                                                        \
		CALL(call);                                                                        \
		CALL(call);                                                                        \
		CALL(call);                                                                        \
		close(12);                                                                         \
		CALL(call);                                                                        \
		say_open();                                                                        \
	}
FILLS(open, open("/dev/null", O_RDONLY))
FILLS(openat, openat(AT_FDCWD, "/dev/null", O_RDONLY))
FILLS(creat, creat("file", 0600))
FILLS(socket, socket(AF_INET, SOCK_STREAM, 0))
FILLS(dup, dup(0))
FILLS(fcntl, fcntl(0, F_DUPFD, 3))
FILLS(fcntl_cloexec, fcntl(0, F_DUPFD_CLOEXEC, 3))
FILLS(eventfd, eventfd(0, 0))
FILLS(epoll_create1, epoll_create1(0))
FILLS(timerfd_create, timerfd_create(CLOCK_MONOTONIC, 0))
FILLS(inotify_init1, inotify_init1(0))
FILLS(memfd_create, memfd_create("memory", 0))
FILLS(fopen, fopen("/dev/null", "r") != NULL)
FILLS(opendir, opendir(".") != NULL)
FILLS(tmpfile, tmpfile() != NULL)
FILLS(syscall, syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY))
FILLS(mkstemp, mkstemp((char[]){"full-XXXXXX"}))
FILLS(shm_open, shm_open("/fdtrail-limits", O_RDWR | O_CREAT, 0600))

static void has_one_number_for_two(void)
{
	int fds[2] = {-7, -7};

	leave(1);
	CALL(pipe(fds));
	CALL(pipe2(fds, O_CLOEXEC));
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	CALL(openpty(&fds[0], &fds[1], NULL, NULL, NULL));
	CALL(popen("true", "r") != NULL);
	CALL(syscall(SYS_pipe2, fds, 0));
	say("%d %d", fds[0], fds[1]);
	say_open();
}

static void accepts_at_the_edge(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	bind(server, (struct sockaddr *)&address, length);
	listen(server, 1);
	getsockname(server, (struct sockaddr *)&address, &length);
	connect(client, (struct sockaddr *)&address, length);
	leave(0);
	CALL(accept(server, NULL, NULL));
	CALL(accept4(server, NULL, NULL, SOCK_CLOEXEC));
	close(13);
	CALL(accept(server, NULL, NULL));
}

static void receives_at_the_edge(void)
{
	char byte, control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8)));
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	int fds[2] = {0, 0};

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	*CMSG_FIRSTHDR(&message) = (struct cmsghdr){CMSG_LEN(sizeof(fds)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), fds, sizeof(fds));
	CALL(sendmsg(pair[0], &message, 0));
	leave(1);
	message.msg_controllen = sizeof(control);
	CALL(recvmsg(pair[1], &message, 0));
	say("%x %zu", message.msg_flags, message.msg_controllen);
	say_open();
}

static void copies_at_the_edge(void)
{
	set_limit(LIMIT);
	CALL(dup2(0, LIMIT - 1));
	CALL(dup2(0, LIMIT));
	CALL(dup3(0, LIMIT, 0));
	CALL(fcntl(0, F_DUPFD, LIMIT));
	CALL(fcntl(0, F_DUPFD, LIMIT - 1));
	CALL(fcntl(0, F_DUPFD, LIMIT - 2));
	say_open();
}

static void goes_below_what_is_open(void)
{
	CALL(dup2(0, 40));
	set_limit(LIMIT);
	CALL(fcntl(40, F_GETFD));
	CALL(dup2(40, 39));
	CALL(dup(40));
	CALL(close(40));
	CALL(close(40));
	set_limit(0);
	CALL(open("/dev/null", O_RDONLY));
	CALL(dup(0));
	CALL(close(0));
}

static void starts_processes_at_the_edge(void)
{
	char *words[] = {(char *)"true", NULL};
	int status = -1;
	pid_t pid = 0;

	leave(0);
	CALL(posix_spawn(&pid, "/bin/true", NULL, NULL, words, NULL));
	CALL(waitpid(pid, &status, 0) == pid);
	CALL(system("exit 6"));
	pid = fork();
	if (pid == 0)
		_exit(open("/dev/null", O_RDONLY) < 0 && errno == EMFILE ? 8 : 9);
	CALL(waitpid(pid, &status, 0) == pid);
	say("%d", WEXITSTATUS(status));
}

static void fails_often(void)
{
	int failed = 0;

	leave(0);
	for (int i = 0; i < 1000; i++)
		failed += open("/dev/null", O_RDONLY) < 0 && errno == EMFILE;
	say("%d", failed);
	say_open();
}

CASES(limits) = {
	CASE(fills_by_open),
	CASE(fills_by_openat),
	CASE(fills_by_creat),
	CASE(fills_by_socket),
	CASE(fills_by_dup),
	CASE(fills_by_fcntl),
	CASE(fills_by_fcntl_cloexec),
	CASE(fills_by_eventfd),
	CASE(fills_by_epoll_create1),
	CASE(fills_by_timerfd_create),
	CASE(fills_by_inotify_init1),
	CASE(fills_by_memfd_create),
	CASE(fills_by_fopen),
	CASE(fills_by_opendir),
	CASE(fills_by_tmpfile),
	CASE(fills_by_syscall),
	CASE(fills_by_mkstemp),
	CASE(fills_by_shm_open),
	CASE(has_one_number_for_two),
	CASE(accepts_at_the_edge),
	CASE(receives_at_the_edge),
	CASE(copies_at_the_edge),
	CASE(goes_below_what_is_open),
	CASE(starts_processes_at_the_edge),
	CASE(fails_often),
	CASE_WITHOUT(fills_by_open, "012"),
	CASE_WITHOUT(fails_often, "2"),
	END_OF_CASES,
};
