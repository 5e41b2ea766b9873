// SPDX-License-Identifier: MIT
/*
 * Stands between the tracer and the C library: what can't be had on a machine that others use, too.
 * With FAKE_SLOTS, dup() gives ever higher numbers; with FAKE_ENFILE, open() finds the system's
 * table full.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

int dup(int fd);
int open(const char *path, int flags, ...);

int dup(int fd)
{
	static _Atomic int next = 1000;

	if (getenv("FAKE_SLOTS"))
		return atomic_fetch_add(&next, 1);
	return ((int (*)(int))dlsym(RTLD_NEXT, "dup"))(fd);
}

int open(const char *path, int flags, ...)
{
	va_list arguments;

	if (getenv("FAKE_ENFILE")) {
		errno = ENFILE;
		return -1;
	}
	va_start(arguments, flags);
	int mode = va_arg(arguments, int);
	va_end(arguments);
	return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, mode);
}
