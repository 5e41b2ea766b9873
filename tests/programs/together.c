// SPDX-License-Identifier: MIT
/*
 *     together loops|selectors|files|sometimes|rows
 *
 * Leaks descriptors that are opened together: event loops, each of an epoll instance, an eventfd
 * and a timerfd; selectors, each of an epoll instance and a pair of sockets; two files. With
 * "sometimes" only some have a second one, so these are two leaks; and so are "rows", one after the
 * other.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "frame.h"

enum { TIMES = 12 };

FRAME static int make_loop(void)
{
	int poll = epoll_create1(EPOLL_CLOEXEC);
	int wake = eventfd(0, EFD_CLOEXEC);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	return poll < 0 || wake < 0 || timer < 0 ? -1 : 0;
}

FRAME static int make_selector(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	return epoll_create1(EPOLL_CLOEXEC) < 0 ? -1 : 0;
}

FRAME static int open_log(bool with_index)
{
	if (open("/dev/null", O_WRONLY | O_CLOEXEC) < 0)
		return -1;
	if (!with_index)
		return 0;
	return open("/proc/version", O_RDONLY | O_CLOEXEC) < 0 ? -1 : 0;
}

FRAME static int open_rows(void)
{
	int failed = 0;

	for (int i = 0; i < TIMES; i++)
		failed |= open("/dev/null", O_WRONLY | O_CLOEXEC) < 0;
	for (int i = 0; i < TIMES; i++)
		failed |= open("/proc/version", O_RDONLY | O_CLOEXEC) < 0;
	return failed;
}

int main(int count, char **words)
{
	const char *way = count > 1 ? words[1] : "";
	int failed = 0;

	if (strcmp(way, "rows") == 0)
		return open_rows();
	for (int i = 0; i < TIMES; i++) {
		if (strcmp(way, "loops") == 0)
			failed |= make_loop();
		else if (strcmp(way, "selectors") == 0)
			failed |= make_selector();
		else if (strcmp(way, "files") == 0)
			failed |= open_log(true);
		else if (strcmp(way, "sometimes") == 0)
			failed |= open_log(i % 4 == 0);
		else
			return fprintf(stderr,
				       "usage: together loops|selectors|files|sometimes|rows\n"),
			       2;
	}
	return failed ? 1 : 0;
}
