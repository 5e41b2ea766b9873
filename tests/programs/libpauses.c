// SPDX-License-Identifier: MIT
/*
 * Stands between the tracer and the C library, and lets a program act while a hook is inside its
 * real call: pauses_closed is called after a close and before its hook notices, pauses_opened after
 * an open, and pauses_copying instead of a dup2 of the number -1, which fails.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>

void (*pauses_opened)(void);
void (*pauses_closed)(void);
void (*pauses_copying)(void);

int open(const char *path, int flags, ...);
int close(int fd);
int close_range(unsigned int first, unsigned int last, int flags);
int dup2(int oldfd, int newfd);

int open(const char *path, int flags, ...)
{
	va_list arguments;

	va_start(arguments, flags);
	int mode = va_arg(arguments, int);
	va_end(arguments);
	int fd = ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, mode);

	if (pauses_opened)
		pauses_opened();
	return fd;
}

int close(int fd)
{
	int result = ((int (*)(int))dlsym(RTLD_NEXT, "close"))(fd);

	if (pauses_closed)
		pauses_closed();
	return result;
}

int close_range(unsigned int first, unsigned int last, int flags)
{
	int result = ((int (*)(unsigned int, unsigned int, int))dlsym(RTLD_NEXT, "close_range"))(
		first, last, flags);

	if (pauses_closed)
		pauses_closed();
	return result;
}

int dup2(int oldfd, int newfd)
{
	if (oldfd != -1 || !pauses_copying)
		return ((int (*)(int, int))dlsym(RTLD_NEXT, "dup2"))(oldfd, newfd);
	pauses_copying();
	errno = EBADF;
	return -1;
}
