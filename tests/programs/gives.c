// SPDX-License-Identifier: MIT
/* Makes a pair of sockets, a pipe, and private ones, and starts a program that gets the first two
 * and the pipe's write end. Prints its process id and the numbers that it has got. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"

extern char **environ;

static FRAME int gives(int sockets[2], int ends[2], int hidden[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) || pipe(ends) ||
	       fcntl(ends[0], F_SETFD, FD_CLOEXEC) ||
	       socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, hidden);
}

int main(void)
{
	int sockets[2], ends[2], hidden[2];
	char *arguments[] = {"sleep", "60", NULL};
	pid_t child;

	if (gives(sockets, ends, hidden) ||
	    posix_spawn(&child, "/bin/sleep", NULL, NULL, arguments, environ) != 0)
		return 1;
	printf("%d %d %d %d\n", child, sockets[0], sockets[1], ends[1]);
	return 0;
}
