// SPDX-License-Identifier: MIT
/*
 * Between a snapshot that the program requests and its end one stack grows, one shrinks, one is
 * new, one is gone and one stays: `grows MORE` leaks MORE sockets in leak_sockets (3 without MORE).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"

/* Volatile, so that a loop is not unrolled, with a call at several places, and a call is no jump.
 */
FRAME static void leak_sockets(int count)
{
	for (volatile int i = 0; i < count; i++)
		socket(AF_INET, SOCK_STREAM, 0);
}

FRAME static void open_files(int *files, int count)
{
	for (volatile int i = 0; i < count; i++)
		files[i] = open("/etc/passwd", O_RDONLY);
}

FRAME static int make_event(void)
{
	volatile int fd = eventfd(0, 0);

	return fd;
}

FRAME static int keep_folder(void)
{
	volatile int fd = open("/", O_RDONLY | O_DIRECTORY);

	return fd;
}

FRAME static int late_epoll(void)
{
	volatile int fd = epoll_create1(0);

	return fd;
}

int main(int argc, char **argv)
{
	int files[4], event = -1;

	signal(SIGUSR1, SIG_IGN); /* raised below, to trigger snapshots */
	for (volatile int round = 0; round < 2; round++) {
		leak_sockets(round == 0 ? 3 : argc > 1 ? atoi(argv[1]) : 3);
		if (round == 0) {
			open_files(files, 4);
			event = make_event();
			keep_folder();
			raise(SIGUSR1);
		}
	}
	close(files[0]);
	close(files[1]);
	close(event);
	late_epoll();
	return 0;
}
