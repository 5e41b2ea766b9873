// SPDX-License-Identifier: MIT
/*
 * A library to be loaded with RTLD_DEEPBIND: its constructor and its function each open a
 * descriptor, and leak it. It has a socket() of its own, and its calls of socket go there.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"

static int sockets;

/* A table of functions, as sqlite has one. */
static int (*volatile const functions[])(int) = {dup};

int socket(int domain, int type, int protocol)
{
	(void)domain, (void)type, (void)protocol;
	return ++sockets - 1000;
}

FRAME static int opens_in_the_constructor(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

int at_start;

__attribute__((constructor)) static void constructor(void)
{
	at_start = opens_in_the_constructor();
}

FRAME int opens_in_the_library(void);

FRAME int opens_in_the_library(void)
{
	volatile int fd = open("/dev/null", O_WRONLY);

	return fd;
}

FRAME int duplicates_in_the_library(void);

FRAME int duplicates_in_the_library(void)
{
	volatile int fd = functions[0](0);

	return fd;
}

int closes_in_the_library(int fd);

int closes_in_the_library(int fd)
{
	return close(fd);
}

int own_socket(void);

int own_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}
