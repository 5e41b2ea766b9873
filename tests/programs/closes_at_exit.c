// SPDX-License-Identifier: MIT
/*
 *     closes_at_exit COUNT HOW
 *
 * Opens COUNT files in open_many, and leaves none open. HOW is
 *
 *     exit     an atexit handler closes them
 *     midway   the program closes them, and goes on to open others
 *     serves   the same stack has opened and closed three times as many before
 *     fork     a child closes the inherited files, and has opened none itself
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

static int *fds, count;

FRAME static int open_many(void)
{
	volatile int fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* leak: at-exit */

	return fd;
}

static void open_all(void)
{
	/* Volatile, so that the call has a single place. */
	for (volatile int i = 0; i < count; i++)
		if ((fds[i] = open_many()) < 0)
			exit(2);
}

static void close_all(void)
{
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

FRAME static void open_others(void)
{
	for (volatile int i = 0; i < 40; i++)
		close(open("/dev/zero", O_RDONLY | O_CLOEXEC));
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	count = atoi(argv[1]);
	fds = calloc((size_t)count + 1, sizeof(*fds));
	if (!fds)
		return 2;
	/* A single call of open_all, because two would be two stacks. */
	for (volatile int round = strcmp(argv[2], "serves") == 0 ? 4 : 1; round > 0; round--) {
		open_all();
		if (round > 1)
			close_all();
	}
	if (strcmp(argv[2], "midway") == 0) {
		close_all();
		open_others();
	} else if (strcmp(argv[2], "fork") == 0) {
		int pid = fork();

		if (pid > 0)
			waitpid(pid, NULL, 0);
		close_all();
		open_others();
	} else {
		atexit(close_all);
	}
	return 0;
}
