// SPDX-License-Identifier: MIT
/*
 * Tests that leak: test_none closes what it opens, test_one leaks a device, test_two leaks two
 * sockets and a device. Before the first mark a socket is opened, after the last one a device. With
 * an argument it sets so many more marks first; "fork": a child runs test_one, too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../preload/include/fdtrail.h"
#include "frame.h"

FRAME static int open_device(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

FRAME static int open_socket(void)
{
	volatile int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd;
}

int main(int argc, char **argv)
{
	open_socket();
	for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--) {
		char text[32];

		snprintf(text, sizeof(text), "more %d", i);
		fdtrail_mark(text);
	}
	fdtrail_mark("test_none");
	close(open_device());
	fdtrail_mark("test_one");
	/* The number, and the stack, are those that test_none has closed. */
	open_device();
	fdtrail_mark("test_two\033[31m\n");
	open_socket();
	open_socket();
	open_device();
	if (argc > 1 && strcmp(argv[1], "fork") == 0) {
		if (fork() == 0) {
			fdtrail_mark("test_of_the_child");
			open_device();
			return 0;
		}
		wait(NULL);
	}
	fdtrail_mark("after the tests");
	open_device();
	return 0;
}
