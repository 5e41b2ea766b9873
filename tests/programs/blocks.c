// SPDX-License-Identifier: MIT
/*
 *     blocks HOW [THREADS]
 *
 * Blocks all signals in all threads, like servers that use sigwait(3) or signalfd(2), leaks a pipe,
 * prints "ready" and its number, and waits without a time limit by HOW: read, poll, epoll, sigwait,
 * pending (sends itself SIGUSR1, which stays pending, and then reads). A byte on standard input
 * ends the wait. Then it prints how the wait ended, whether SIGUSR1 is blocked and whether it is
 * pending.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "frame.h"

static void *sleeps(void *unused)
{
	pause();
	return unused;
}

FRAME static int leaks_a_pipe(void)
{
	int pair[2];
	volatile int result = pipe(pair);

	return result;
}

static int wait_by(const char *how)
{
	struct pollfd input = {.fd = 0, .events = POLLIN};
	struct epoll_event event = {.events = EPOLLIN};
	sigset_t usr2;
	char byte;

	if (strcmp(how, "poll") == 0)
		return poll(&input, 1, -1);
	if (strcmp(how, "sigwait") == 0) {
		sigemptyset(&usr2);
		sigaddset(&usr2, SIGUSR2);
		return sigwaitinfo(&usr2, NULL);
	}
	if (strcmp(how, "epoll") == 0) {
		int epoll = epoll_create1(0);

		if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event) != 0)
			return -2;
		return epoll_wait(epoll, &event, 1, -1);
	}
	return (int)read(0, &byte, 1);
}

int main(int count, char **words)
{
	const char *how = count > 1 ? words[1] : "read";
	sigset_t all, blocked, pending;
	pthread_t thread;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = count > 2 ? atoi(words[2]) : 0; i > 0; i--)
		if (pthread_create(&thread, NULL, sleeps, NULL) != 0)
			return 2;
	if (leaks_a_pipe() != 0)
		return 2;
	if (strcmp(how, "pending") == 0)
		kill(getpid(), SIGUSR1);
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	errno = 0;
	int result = wait_by(how), error = errno;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigpending(&pending);
	printf("%d, errno %d, blocked %d, pending %d\n", result, error,
	       sigismember(&blocked, SIGUSR1), sigismember(&pending, SIGUSR1));
	return 0;
}
