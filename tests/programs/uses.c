// SPDX-License-Identifier: MIT
/*
 * A program whose descriptors are used by other code than that which opened them: uses FILE. It has
 * opened three pairs of sockets before it prints "ready". When FILE is there, it uses both ends of
 * the first pair, and one of the second, which it then closes, and leaves the third alone. It opens
 * three more pairs, and uses one. It prints "used" and waits, or ends if FILE is not given.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"

static volatile int kept; /* so that no call becomes a jump */

static FRAME void opens_a_pair(int pair[2])
{
	kept = socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static FRAME void writes_to(int fd)
{
	kept = (int)write(fd, "x", 1);
}

static FRAME void reads_from(int fd)
{
	char byte;

	kept = (int)read(fd, &byte, 1);
}

static FRAME void sends_to(int fd)
{
	kept = (int)send(fd, "x", 1, MSG_NOSIGNAL);
}

static void tell(const char *text)
{
	puts(text);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int before[3][2], after[2][2];

	for (int i = 0; i < 3; i++)
		opens_a_pair(before[i]);
	tell("ready");
	while (argc > 1 && access(argv[1], F_OK) != 0)
		poll(NULL, 0, 10);
	writes_to(before[0][0]);
	reads_from(before[0][1]);
	for (int i = 0; i < 2; i++)
		opens_a_pair(after[i]);
	sends_to(before[1][0]);
	sends_to(after[0][0]);
	/* A number that is closed and opened again is another descriptor. */
	close(before[1][0]);
	opens_a_pair(before[1]);
	tell("used");
	while (argc > 1)
		poll(NULL, 0, 1000);
	return 0;
}
