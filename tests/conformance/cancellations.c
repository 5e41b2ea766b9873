// SPDX-License-Identifier: MIT
/* Cases of threads that are cancelled in a call: the call ends, and no descriptor stays open
 * that would not stay open bare. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../programs/newer_kernel.h"
#include "case.h"

static int server, ends[2], pair[2];

static void makes_ready(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	server = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(server, (struct sockaddr *)&address, sizeof(sa_family_t));
	listen(server, 4);
	(void)!pipe(ends);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	unlink("pipe");
	mkfifo("pipe", 0600);
}

#define CANCELS(name, call)                                                                        \
	static void *waits_in_##name(void *data)                                                   \
	{                                                                                          \
		say("%s = %ld", #call, (long)(call));                                              \
		return data;                                                                       \
	}                                                                                          \
	static void cancels_in_##name(void)                                                        \
	{                                                                                          \
		makes_ready();                                                                     \
		cancel_in(waits_in_##name, NULL);                                                  \
		say_open();                                                                        \
		CALL(close(dup(0)));                                                               \
	}

static char byte;
static struct iovec part = {&byte, 1};
static struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
static struct mmsghdr messages = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};

CANCELS(accept, accept(server, NULL, NULL))
CANCELS(accept4, accept4(server, NULL, NULL, SOCK_CLOEXEC))
CANCELS(recvmsg, recvmsg(pair[1], &message, 0))
CANCELS(recvmmsg, recvmmsg(pair[1], &messages, 1, 0, NULL))
CANCELS(open, open("pipe", O_RDONLY))
CANCELS(openat, openat(AT_FDCWD, "pipe", O_WRONLY))
CANCELS(open64, open64("pipe", O_RDONLY))
CANCELS(creat, creat("pipe", 0600))
CANCELS(read, read(ends[0], &byte, 1))

/* The cancellation is pending. The next call that is a cancellation point acts on it; others do
 * not. */
static void *is_cancelled_before(void *data)
{
	int fd = open("/dev/null", O_RDONLY);

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	(*(void (**)(int))data)(fd);
	say("not cancelled");
	return NULL;
}

#define PENDING(name, call)                                                                        \
	static void calls_##name(int fd)                                                           \
	{                                                                                          \
		(void)fd;                                                                          \
		(void)(call);                                                                      \
	}                                                                                          \
	static void pending_at_##name(void)                                                        \
	{                                                                                          \
		void (*function)(int) = calls_##name;                                              \
		pthread_t thread;                                                                  \
		void *result;                                                                      \
                                                                                                   \
		pthread_create(&thread, NULL, is_cancelled_before, &function);                     \
		pthread_join(thread, &result);                                                     \
		say("%s", result == PTHREAD_CANCELED ? "cancelled" : "returned");                  \
		say_open();                                                                        \
	}

PENDING(close, close(fd))
PENDING(open, open("/dev/null", O_RDONLY))
PENDING(openat, openat(AT_FDCWD, "/dev/null", O_RDONLY))
PENDING(creat, creat("file", 0600))
PENDING(dup, dup(fd))
PENDING(dup2, dup2(fd, 40))
PENDING(socket, socket(AF_UNIX, SOCK_STREAM, 0))
PENDING(pipe, pipe(ends))
PENDING(fcntl, fcntl(fd, F_GETFD))
PENDING(connect, connect(fd, NULL, 0))
PENDING(accept, accept(fd, NULL, NULL))
PENDING(fopen, fopen("/dev/null", "r"))
PENDING(close_range, close_range((unsigned int)fd, (unsigned int)fd, 0))

static void *is_not_to_be_cancelled(void *data)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	CALL(close(open("/dev/null", O_RDONLY)));
	CALL(accept(999, NULL, NULL));
	return data;
}

static void cancellation_is_off(void)
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, is_not_to_be_cancelled, NULL);
	pthread_join(thread, &result);
	say("%s", result == PTHREAD_CANCELED ? "cancelled" : "returned");
}

static void says_cancelled(void *data)
{
	(void)data;
	say("cancelled");
	say_open();
}

/* A program may cancel its only thread. From then on each call checks whether it is cancelled. */
static void cancels_itself(int (*call)(int))
{
	int fd = open("/dev/null", O_RDONLY);

#if __has_include(<sys/single_threaded.h>)
	/* The program refers to the variable, so it has a copy of its own, and the cancellation
	 * changes only libc's. */
	say("alone: %d", __libc_single_threaded);
#endif
	pthread_cleanup_push(says_cancelled, NULL);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	CALL(dup(fd));
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	CALL(call(fd));
	pthread_cleanup_pop(0);
}

static int opens(int fd)
{
	(void)fd;
	return open("/dev/null", O_RDONLY);
}

static int connects(int fd)
{
	return connect(fd, NULL, 0);
}

static int accepts(int fd)
{
	return accept(fd, NULL, NULL);
}

static void alone_at_close(void)
{
	cancels_itself(close);
}

static void alone_at_open(void)
{
	cancels_itself(opens);
}

static void alone_at_connect(void)
{
	cancels_itself(connects);
}

static void alone_at_accept(void)
{
	cancels_itself(accepts);
}

CASES(cancellations) = {
	CASE(cancels_in_accept),   CASE(cancels_in_accept4),
	CASE(cancels_in_recvmsg),  CASE(cancels_in_recvmmsg),
	CASE(cancels_in_open),     CASE(cancels_in_openat),
	CASE(cancels_in_open64),   CASE(cancels_in_creat),
	CASE(cancels_in_read),     CASE(pending_at_close),
	CASE(pending_at_open),     CASE(pending_at_openat),
	CASE(pending_at_creat),    CASE(pending_at_dup),
	CASE(pending_at_dup2),     CASE(pending_at_socket),
	CASE(pending_at_pipe),     CASE(pending_at_fcntl),
	CASE(pending_at_connect),  CASE(pending_at_accept),
	CASE(pending_at_fopen),    CASE(pending_at_close_range),
	CASE(cancellation_is_off), CASE(alone_at_close),
	CASE(alone_at_open),       CASE(alone_at_connect),
	CASE(alone_at_accept),     END_OF_CASES,
};
