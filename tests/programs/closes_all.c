// SPDX-License-Identifier: MIT
/*
 *     closes_all HOW
 *
 * Closes every number from 3 on (range) or from 0 to 1023 (loop), checks which numbers it gets and
 * sees afterwards, and leaks one in leaks_afterwards. Prints to a copy of stdout that it makes
 * later.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "newer_kernel.h"

FRAME static int leaks_afterwards(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

int main(int count, char **words)
{
	int loop = count > 1 && strcmp(words[1], "loop") == 0, seen = 0, closed = 0;
	char out[64];

	snprintf(out, sizeof(out), "%s", count > 2 ? words[2] : "/dev/null");
	if (loop)
		for (int fd = 0; fd < 1024; fd++)
			closed += close(fd) == 0;
	else
		close_range(3, ~0U, 0);
	int first = open(out, O_WRONLY | O_CREAT | O_APPEND, 0600), second = leaks_afterwards();
	for (int fd = 0; fd < 70000; fd++)
		seen += fcntl(fd, F_GETFD) >= 0;
	dprintf(first, "%d %d %d %d\n", closed, first, second, seen);
	return 0;
}
