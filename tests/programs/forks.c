// SPDX-License-Identifier: MIT
/*
 *     forks NUMBER
 *
 * Leaks in leaks_in_parent and forks a child, which leaks NUMBER descriptors in leaks_in_child.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

FRAME static int leaks_in_parent(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

FRAME static int leaks_in_child(void)
{
	volatile int fd = open("/dev/zero", O_RDONLY);

	return fd;
}

int main(int count, char **words)
{
	int number = count > 1 ? atoi(words[1]) : 0, status = -1;

	leaks_in_parent();
	pid_t pid = fork();
	if (pid == 0) {
		while (number-- > 0)
			leaks_in_child();
		return 0;
	}
	printf("%d\n", (int)pid);
	return waitpid(pid, &status, 0) == pid ? status : 1;
}
