// SPDX-License-Identifier: MIT
/* Leaves descriptors open in states in which they are of no use, each in a function of its own. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

static FRAME int leaves_pidfd(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	int fd = (int)syscall(434 /* pidfd_open */, child, 0);
	waitpid(child, NULL, 0);
	return fd;
}

static FRAME int leaves_inotify(int watch)
{
	int fd = inotify_init1(0);

	if (watch)
		inotify_add_watch(fd, "/", IN_ACCESS);
	return fd;
}

static FRAME int leaves_new_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	__asm__ volatile("" : : : "memory");
	return fd;
}

static FRAME int leaves_half(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (void *)&address, length) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (void *)&address, &length) != 0 ||
	    connect(fd, (void *)&address, length) != 0)
		return -1;
	return shutdown(fd, SHUT_WR);
}

int main(void)
{
	for (int i = 0; i < 2; i++)
		leaves_pidfd();
	for (int i = 0; i < 3; i++)
		leaves_inotify(i == 0);
	leaves_new_socket();
	return leaves_half() == 0 ? 0 : 1;
}
