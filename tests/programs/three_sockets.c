// SPDX-License-Identifier: MIT
/* Leaks three sockets in leak_sockets, and keeps one device open on purpose in open_pool. With an
 * argument it leaks so many more. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "frame.h"

FRAME static void leak_sockets(int count)
{
	for (volatile int i = 0; i < count; i++)
		socket(AF_INET, SOCK_STREAM, 0);
}

FRAME static int open_pool(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

int main(int argc, char **argv)
{
	leak_sockets(3 + (argc > 1 ? atoi(argv[1]) : 0));
	return open_pool() < 0;
}
