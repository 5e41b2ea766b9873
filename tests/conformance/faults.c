// SPDX-License-Identifier: MIT
/*
 * Cases of arguments that point nowhere. The kernel fails such calls with EFAULT, and a hook must
 * not crash where the kernel only refuses. If the C library itself reads the argument, the program
 * crashes, bare and traced.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "../programs/newer_kernel.h"
#include "case.h"

static void opens_nowhere(void)
{
	CALL(open(NOWHERE, O_RDONLY));
	CALL(open64(NOWHERE, O_RDONLY));
	CALL(openat(AT_FDCWD, NOWHERE, O_RDONLY));
	CALL(creat(NOWHERE, 0600));
	CALL(memfd_create(NOWHERE, 0));
	CALL(syscall(SYS_openat, AT_FDCWD, NOWHERE, O_RDONLY));
	CALL(syscall(SYS_open, NULL, O_RDONLY));
	POINTER(fopen(NOWHERE, "r"));
}

static void makes_pairs_nowhere(void)
{
	CALL(pipe(NOWHERE));
	CALL(pipe2(NOWHERE, 0));
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, NOWHERE));
	CALL(syscall(SYS_pipe2, NOWHERE, 0));
	CALL(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NOWHERE));
	CALL(pipe(end_of_page(4)));
	CALL(pipe(end_of_page(8)));
	say_open();
}

static void accepts_into_nowhere(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(sa_family_t);
	int server = socket(AF_UNIX, SOCK_STREAM, 0);

	bind(server, (struct sockaddr *)&address, length);
	listen(server, 4);
	length = sizeof(address);
	getsockname(server, (struct sockaddr *)&address, &length);
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, length));
	CALL(accept(server, NOWHERE, &(socklen_t){16}));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, length));
	CALL(accept(server, NOWHERE, NOWHERE));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, length));
	CALL(accept(server, NULL, NOWHERE));
	say_open();
}

static void connects_from_nowhere(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
	sa_family_t *family = end_of_page(sizeof(*family));

	CALL(connect(fd, NOWHERE, 16));
	CALL(connect(fd, NOWHERE, 0));
	CALL(connect(fd, NOWHERE, 1000));
	CALL(connect(fd, NOWHERE, (socklen_t)-1));
	CALL(connect(fd, NULL, 0));
	CALL(connect(999, NOWHERE, 16));
	*family = AF_INET;
	CALL(connect(fd, (struct sockaddr *)family, sizeof(*family)));
	CALL(connect(fd, (struct sockaddr *)family, 1000));
	CALL(connect(fd, (struct sockaddr *)family, (socklen_t)-1));
	*family = AF_UNIX;
	CALL(connect(local, (struct sockaddr *)family, sizeof(*family)));
	CALL(syscall(SYS_connect, fd, NOWHERE, 16));
	CALL(syscall(SYS_connect, fd, NOWHERE, 1000));
}

static void connects_from_the_end_of_a_page(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char *path = end_of_page(sizeof(sa_family_t) + 4);

	*(sa_family_t *)(void *)path = AF_UNIX;
	memcpy(path + sizeof(sa_family_t), "/no!", 4);
	CALL(connect(fd, (struct sockaddr *)path, sizeof(sa_family_t) + 4));
}

static void receives_into_nowhere(void)
{
	int pair[2];
	char byte;
	struct iovec part = {NOWHERE, 1}, good = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1},
		      control = {.msg_iov = &good, .msg_iovlen = 1};
	struct mmsghdr many = {.msg_hdr = message};

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	(void)!write(pair[0], "xxxxxx", 6);
	CALL(recvmsg(pair[1], NOWHERE, 0));
	CALL(recvmsg(pair[1], NULL, 0));
	CALL(recvmsg(pair[1], &message, 0));
	CALL(recvmmsg(pair[1], NOWHERE, 1, 0, NULL));
	CALL(recvmmsg(pair[1], &many, 1, 0, NULL));
	control.msg_control = NOWHERE;
	control.msg_controllen = 64;
	CALL(recvmsg(pair[1], &control, 0));
	say("%zu", control.msg_controllen);
	CALL(syscall(SYS_recvmsg, pair[1], NOWHERE, 0));
	CALL(syscall(SYS_recvmmsg, pair[1], NOWHERE, 1, 0, NULL));
}

static void receives_numbers_into_nowhere(void)
{
	char byte, room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof(room)};
	int pair[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	*CMSG_FIRSTHDR(&message) = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memset(CMSG_DATA(CMSG_FIRSTHDR(&message)), 0, sizeof(int));
	CALL(sendmsg(pair[0], &message, 0));
	message.msg_control = NOWHERE;
	message.msg_controllen = 64;
	CALL(recvmsg(pair[1], &message, 0));
	say("%x %zu", message.msg_flags, message.msg_controllen);
	say_open();
}

static void waits_for_nowhere(void)
{
	CALL(signalfd(-1, NOWHERE, 0));
	CALL(syscall(SYS_signalfd4, -1, NOWHERE, 8, 0));
	CALL(syscall(SYS_timerfd_create, 999, 0));
	CALL(fcntl(0, F_SETLK, NOWHERE));
	CALL(fcntl(0, F_GETLK, NULL));
	CALL(syscall(SYS_openat2, AT_FDCWD, "/dev/null", NOWHERE, 24));
	CALL(syscall(SYS_io_uring_setup, 1, NOWHERE));
	CALL(syscall(SYS_perf_event_open, NOWHERE, 0, -1, -1, 0));
}

#define DIES(name, call)                                                                           \
	static void dies_of_##name(void)                                                           \
	{                                                                                          \
		CALL(call);                                                                        \
	}
DIES(sigaction, sigaction(SIGUSR1, NOWHERE, NULL))
DIES(old_sigaction, sigaction(SIGUSR1, NULL, NOWHERE))
DIES(other_sigaction, sigaction(SIGCHLD, NOWHERE, NULL))
DIES(fclose, fclose(NULL))
DIES(mkstemp, mkstemp((char *)(uintptr_t) "constant-XXXXXX"))
DIES(openpty, openpty(NOWHERE, NOWHERE, NULL, NULL, NULL))
DIES(opendir, opendir(NULL) != NULL)
DIES(fdopen, fdopen(0, NULL) != NULL)

CASES(faults) = {
	CASE(opens_nowhere),
	CASE(makes_pairs_nowhere),
	CASE(accepts_into_nowhere),
	CASE(connects_from_nowhere),
	CASE(connects_from_the_end_of_a_page),
	CASE(receives_into_nowhere),
	CASE(receives_numbers_into_nowhere),
	CASE(waits_for_nowhere),
	CASE(dies_of_sigaction),
	CASE(dies_of_old_sigaction),
	CASE(dies_of_other_sigaction),
	CASE(dies_of_fclose),
	CASE(dies_of_mkstemp),
	CASE(dies_of_openpty),
	CASE(dies_of_opendir),
	CASE(dies_of_fdopen),
	CASE_WITHOUT(makes_pairs_nowhere, "012"),
	END_OF_CASES,
};
