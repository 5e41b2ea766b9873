// SPDX-License-Identifier: MIT
/*
 *     fork_server COUNT MILLISECONDS [EACH]
 *
 * A server that forks a child for each connection, COUNT one after another, and is its own client.
 * A child accepts its connection in accept_one, hears that the client has gone, and ends
 * MILLISECONDS later with the connection open; each EACHth child leaves a file of leaves_file open,
 * too. The server itself leaks a file in leaks_slowly at every eighth connection.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

FRAME static int leaks_slowly(void)
{
	volatile int fd = open("/dev/null", O_RDONLY); /* leak: server */

	return fd;
}

FRAME static int leaves_file(void)
{
	volatile int fd = open("/dev/zero", O_RDONLY);

	return fd;
}

FRAME static int accept_one(int listener)
{
	volatile int fd = accept(listener, NULL, NULL); /* leak: forked */

	return fd;
}

static int serve(int listener, int milliseconds, int leaves)
{
	char byte;
	int fd = accept_one(listener);

	if (leaves)
		leaves_file();
	if (fd < 0 || read(fd, &byte, 1) != 0)
		return 1;
	usleep((useconds_t)milliseconds * 1000);
	return 0;
}

int main(int count, char **words)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);

	if (count < 3)
		return 2;
	int connections = atoi(words[1]), milliseconds = atoi(words[2]);
	int each = count > 3 ? atoi(words[3]) : 0, listener = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (void *)&address, length) != 0 || listen(listener, 8) != 0 ||
	    getsockname(listener, (void *)&address, &length) != 0)
		return 1;
	for (int i = 0; i < connections; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0), status = -1;

		if (connect(client, (void *)&address, length) != 0)
			return 1;
		if (i % 8 == 0)
			leaks_slowly();
		pid_t child = fork();
		close(client);
		if (child == 0)
			return serve(listener, milliseconds, each && i % each == each - 1);
		if (waitpid(child, &status, 0) != child || status != 0)
			return 1;
	}
	close(listener);
	return 0;
}
