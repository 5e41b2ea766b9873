// SPDX-License-Identifier: MIT
/* Opens three devices without close-on-exec, one with it, and one as its standard input. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "frame.h"

static FRAME int opens_inheritable(void)
{
	int fd = open("/dev/null", O_RDONLY);

	__asm__ volatile("" : : : "memory");
	return fd;
}

static FRAME int opens_private(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	__asm__ volatile("" : : : "memory");
	return fd;
}

static FRAME int replaces_input(int fd)
{
	int copy = dup2(fd, 0);

	__asm__ volatile("" : : : "memory");
	return copy;
}

int main(void)
{
	int fd = -1;

	for (int i = 0; i < 3; i++) {
		fd = opens_inheritable();
		__asm__ volatile("" : "+r"(i)); /* so that the loop is one call in the code */
	}
	return fd < 0 || opens_private() < 0 || replaces_input(fd) != 0;
}
