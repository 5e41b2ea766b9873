// SPDX-License-Identifier: MIT
/*
 * spread WAY
 *
 * Shows which numbers descriptors get, for FDTRAIL_SPREAD; prints one line.
 *
 *     stale        closes a socket twice, and opens another one in between; is that still open?
 *     sockets      numbers of three sockets, each closed before the next
 *     pipes        the same for pipes; is each whole?
 *     kept         numbers of a file, a stream, a reopened 0, dup2 to 50, F_DUPFD from 60
 *     flags        close-on-exec of two sockets
 *     lock         whether a POSIX lock on a file outlasts another open of that file
 *     limit        how many sockets can be open, with a limit of 64, and errno after that
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

static volatile int after;

static FRAME int opens(int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	after = fd;
	return fd;
}

static FRAME void closes(int fd)
{
	close(fd);
	after = fd;
}

static FRAME void closes_again(int fd)
{
	close(fd);
	after = -fd;
}

static void stale(void)
{
	int fd = opens(0), other;

	closes(fd);
	other = opens(0);
	closes_again(fd);
	puts(fcntl(other, F_GETFD) < 0 ? "closed" : "open");
}

static void sockets(void)
{
	for (int i = 0; i < 3; i++) {
		int fd = opens(0);

		printf("%d ", fd);
		closes(fd);
	}
	puts("");
}

static void pipes(void)
{
	for (int i = 0; i < 3; i++) {
		char byte = 0;
		int ends[2];

		if (pipe(ends) < 0 || write(ends[1], "x", 1) != 1 || read(ends[0], &byte, 1) != 1)
			err(1, "pipe");
		printf("%d %d %c ", ends[0], ends[1], byte);
		closes(ends[0]);
		closes(ends[1]);
	}
	puts("");
}

static void kept(void)
{
	int file = open("/proc/self/comm", O_RDONLY), again, high, copy;
	FILE *stream = fopen("/dev/null", "r");

	close(STDIN_FILENO);
	again = open("/dev/null", O_RDWR);
	copy = dup2(file, 50);
	high = fcntl(file, F_DUPFD, 60);
	printf("%d %d %d %d %d\n", file, fileno(stream), again, copy, high);
}

static void flags(void)
{
	int open_on = opens(0), closed_on = opens(SOCK_CLOEXEC);

	printf("%d %d\n", fcntl(open_on, F_GETFD), fcntl(closed_on, F_GETFD));
}

static void lock(void)
{
	char path[] = "/tmp/spread-XXXXXX";
	int fd = mkstemp(path), status;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0)
		err(1, "lock");
	after = open(path, O_RDONLY);
	pid_t child = fork();
	if (child == 0)
		_exit(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK ? 0 : 1);
	waitpid(child, &status, 0);
	unlink(path);
	puts(status == 0 ? "locked" : "lost");
}

static void limit(void)
{
	struct rlimit limit;
	int count = 0;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < 200; i++) /* numbers are given out all around */
		closes(opens(0));
	while (opens(0) >= 0)
		count++;
	printf("%d %s\n", count, errno == EMFILE ? "EMFILE" : strerror(errno));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} ways[] = {
		{"stale", stale}, {"sockets", sockets}, {"pipes", pipes}, {"kept", kept},
		{"flags", flags}, {"lock", lock},       {"limit", limit},
	};

	for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, argv[1]) == 0) {
			ways[i].run();
			return 0;
		}
	errx(2, "usage: spread WAY");
}
