// SPDX-License-Identifier: MIT
/*
 * siblings [COUNT]
 *
 * Handles COUNT requests, 100 if it isn't given. Each opens a connection in open_connection. Of ten
 * requests, nine are finished and one is cancelled; both close the connection in close_connection.
 * The last three requests fail: fail_request forgets to close theirs.
 *
 *     siblings COUNT WAY       closes_another closes the last one of these, by dup2, close_range,
 *                              fclose, a raw system call (raw), or in a child (child)
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"
#include "newer_kernel.h"
#include "raw.h"

enum { FAILED = 3 };

static volatile int after;

static FRAME int open_connection(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	after = fd;
	return fd;
}

static FRAME void close_connection(int fd)
{
	close(fd);
	after = fd;
}

static FRAME void finish_request(int fd)
{
	close_connection(fd);
	after = fd;
}

static FRAME void cancel_request(int fd)
{
	close_connection(fd);
	after = -fd; /* so that it isn't the same code */
}

static FRAME void fail_request(int fd)
{
	after = fd; /* the leak */
}

static FRAME void closes_another(int fd, const char *way)
{
	if (strcmp(way, "dup2") == 0) {
		if (dup2(2, fd) < 0)
			err(1, "dup2");
	} else if (strcmp(way, "close_range") == 0) {
		if (close_range((unsigned int)fd, (unsigned int)fd, 0) < 0)
			err(1, "close_range");
	} else if (strcmp(way, "fclose") == 0) {
		fclose(fdopen(fd, "w"));
	} else if (strcmp(way, "raw") == 0) {
		raw_call(SYS_close, fd, 0, 0, 0);
	} else if (strcmp(way, "child") == 0) {
		pid_t child = fork();

		if (child == 0) {
			close(fd);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	after = fd;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 100;

	for (int i = 0; i < count; i++) {
		int fd = open_connection();

		if (i >= count - FAILED)
			fail_request(fd);
		else if (i % 10 == 9)
			cancel_request(fd);
		else
			finish_request(fd);
		if (argc > 2 && i == count - 1)
			closes_another(fd, argv[2]);
	}
	return 0;
}
