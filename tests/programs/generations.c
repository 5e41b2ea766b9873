// SPDX-License-Identifier: MIT
/*
 *     generations COUNT [exec|fork|spawn]
 *
 * A server that reloads by executing itself, COUNT times in all, and forgets its listening socket
 * each time: the last generation has one of each before it. With "fork" the new program runs in a
 * child, as a daemon's reload does; with "spawn" posix_spawn(3) starts it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

extern char **environ;

FRAME static int make_listener(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd >= 0 && listen(fd, 8) == 0 ? fd : -1;
}

/* Has close-on-exec, so no later generation has it. */
FRAME static int open_private(void)
{
	volatile int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd;
}

static int wait_for(pid_t pid)
{
	int status = 1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int reload(const char *way, char **words)
{
	pid_t pid = 0;

	if (strcmp(way, "spawn") == 0)
		return posix_spawn(&pid, words[0], NULL, NULL, words, environ) == 0 ? wait_for(pid)
										    : 1;
	if (strcmp(way, "fork") == 0)
		pid = fork();
	if (pid > 0)
		return wait_for(pid);
	execv(words[0], words);
	return 1;
}

int main(int count, char **words)
{
	int left = count > 1 ? atoi(words[1]) : 1;
	const char *way = count > 2 ? words[2] : "exec";
	char number[16];

	if (getenv("FDTRAIL_PASSED_STACKS"))
		return fprintf(stderr, "the program sees fdtrail's variable\n"), 3;
	if (make_listener() < 0 || open_private() < 0)
		return 1;
	if (left <= 1)
		return 0;
	snprintf(number, sizeof(number), "%d", left - 1);
	char *next[] = {words[0], number, (char *)way, NULL};

	return reload(way, next);
}
