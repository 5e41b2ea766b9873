// SPDX-License-Identifier: MIT
/*
 * Cases of calls that wait and are interrupted, with and without SA_RESTART: by SIGUSR2, which the
 * tracer ignores, and by SIGUSR1, which it handles first.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "case.h"

static struct sockaddr_un address;
static socklen_t length;
static int server, ends[2], pair[2];

/* The functions that complete a call run in a signal handler. They use raw system calls, so that
 * hooks see only the case's own calls. */
static void comes_a_client(void)
{
	long client = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);

	syscall(SYS_connect, client, &address, length);
}

static void comes_a_byte(void)
{
	syscall(SYS_write, ends[1], "x", 1);
}

static void comes_a_message(void)
{
	syscall(SYS_write, pair[0], "x", 1);
}

static void comes_a_writer(void)
{
	syscall(SYS_open, "pipe", O_RDWR | O_NONBLOCK);
}

static void makes_ready(void)
{
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	address.sun_family = AF_UNIX;
	length = sizeof(sa_family_t);
	bind(server, (struct sockaddr *)&address, length);
	listen(server, 4);
	length = sizeof(address);
	getsockname(server, (struct sockaddr *)&address, &length);
	(void)!pipe(ends);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	unlink("pipe");
	mkfifo("pipe", 0600);
}

static struct msghdr *message(void)
{
	static char byte;
	static struct iovec part = {&byte, 1};
	static struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

	return &header;
}

static struct mmsghdr *messages(void)
{
	static struct mmsghdr header;

	header.msg_hdr = *message();
	return &header;
}

/* The four cases of a call: by either signal, with and without SA_RESTART. */
#define INTERRUPTS(name, call, complete)                                                           \
	static void interrupts_##name##_by(int signal, int flags)                                  \
	{                                                                                          \
		makes_ready();                                                                     \
		interrupt(signal, flags, complete);                                                \
		CALL(call);                                                                        \
		interrupted();                                                                     \
	}                                                                                          \
	static void interrupts_##name(void)                                                        \
	{                                                                                          \
		interrupts_##name##_by(SIGUSR2, 0);                                                \
	}                                                                                          \
	static void restarts_##name(void)                                                          \
	{                                                                                          \
		interrupts_##name##_by(SIGUSR2, SA_RESTART);                                       \
	}                                                                                          \
	static void interrupts_##name##_by_our_signal(void)                                        \
	{                                                                                          \
		interrupts_##name##_by(SIGUSR1, 0);                                                \
	}                                                                                          \
	static void restarts_##name##_after_our_signal(void)                                       \
	{                                                                                          \
		interrupts_##name##_by(SIGUSR1, SA_RESTART);                                       \
	}
#define ALL_FOUR(name)                                                                             \
	CASE(interrupts_##name), CASE(restarts_##name), CASE(interrupts_##name##_by_our_signal),   \
		CASE(restarts_##name##_after_our_signal)

INTERRUPTS(accept, accept(server, NULL, NULL), comes_a_client)
INTERRUPTS(accept4, accept4(server, NULL, NULL, SOCK_CLOEXEC), comes_a_client)
INTERRUPTS(syscall_accept, syscall(SYS_accept, server, NULL, NULL), comes_a_client)
INTERRUPTS(recvmsg, recvmsg(pair[1], message(), 0), comes_a_message)
INTERRUPTS(recvmmsg, recvmmsg(pair[1], messages(), 1, 0, NULL), comes_a_message)
INTERRUPTS(open, open("pipe", O_RDONLY), comes_a_writer)
INTERRUPTS(openat, openat(AT_FDCWD, "pipe", O_RDONLY), comes_a_writer)
INTERRUPTS(fopen, fopen("pipe", "r") != NULL, comes_a_writer)
INTERRUPTS(read, read(ends[0], message()->msg_iov->iov_base, 1), comes_a_byte)
/* Never restarted: signal(7). */
INTERRUPTS(poll, poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, 5000), NULL)

static void waits_for_children(void)
{
	int status = 0;
	char byte;

	makes_ready();
	pid_t pid = fork();
	if (pid == 0) {
		(void)!read(ends[0], &byte, 1);
		_exit(5);
	}
	interrupt(SIGUSR1, SA_RESTART, comes_a_byte);
	CALL(waitpid(pid, &status, 0) == pid);
	interrupted();
	say("%d", WEXITSTATUS(status));
}

static void waits_for_commands(void)
{
	FILE *command = popen("sleep 0.1; exit 4", "r");

	interrupt(SIGUSR2, 0, NULL);
	CALL(pclose(command));
	interrupted();
}

static void waits_for_locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	int fd = open("file", O_RDWR | O_CREAT, 0600), wire[2];
	char byte;

	(void)!pipe(wire);
	pid_t pid = fork();
	if (pid == 0) {
		fcntl(fd, F_SETLK, &lock);
		(void)!write(wire[1], "x", 1);
		pause();
	}
	(void)!read(wire[0], &byte, 1);
	interrupt(SIGUSR2, 0, NULL);
	CALL(fcntl(fd, F_SETLKW, &lock));
	interrupted();
	kill(pid, SIGKILL);
}

CASES(interrupts) = {
	ALL_FOUR(accept),         ALL_FOUR(accept4),
	ALL_FOUR(syscall_accept), ALL_FOUR(recvmsg),
	ALL_FOUR(recvmmsg),       ALL_FOUR(open),
	ALL_FOUR(openat),         ALL_FOUR(fopen),
	ALL_FOUR(read),           ALL_FOUR(poll),
	CASE(waits_for_children), CASE(waits_for_commands),
	CASE(waits_for_locks),    END_OF_CASES,
};
