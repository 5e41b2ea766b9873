// SPDX-License-Identifier: MIT
/*
 * copies WAY
 *
 * Copies three descriptors, and leaks some of them.
 *
 *     closed       the originals are closed, and the copies stay: sockets
 *     both         both stay: files
 *     reused       the originals are closed, and their numbers used again: files of the same name
 */
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"

enum { COUNT = 3 };

static volatile int after;

static FRAME int opens(void)
{
	int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);

	after = fd;
	return fd;
}

static FRAME int connects(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	after = fd;
	return fd;
}

static FRAME int imports(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 20);

	after = copy;
	return copy;
}

int main(int argc, char **argv)
{
	const char *way = argc == 2 ? argv[1] : "";
	int fds[COUNT];

	for (int i = 0; i < COUNT; i++) {
		fds[i] = strcmp(way, "closed") == 0 ? connects() : opens();
		if (imports(fds[i]) < 0)
			err(1, "dup");
	}
	for (int i = 0; i < COUNT && strcmp(way, "both") != 0; i++)
		close(fds[i]);
	for (int i = 0; i < COUNT && strcmp(way, "reused") == 0; i++)
		opens();
	return 0;
}
