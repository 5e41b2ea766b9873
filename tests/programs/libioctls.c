// SPDX-License-Identifier: MIT
/*
 * Stands between the tracer and the C library, and answers the requests of ioctl(2) that make a
 * descriptor in the kernel's place: most of them need hardware. The descriptor is a memfd, made by
 * a call that no hook sees.
 */
#include <linux/ioctl.h>
#include <string.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "raw.h"

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	va_start(arguments, request);
	char *arg = va_arg(arguments, char *);
	va_end(arguments);
	int made = (int)raw_call(SYS_memfd_create, (long)"ioctl", 0, 0, 0);

	(void)fd;
	switch ((unsigned int)request) {
#define RETURNS(name, request, kind)                                                               \
	case request:                                                                              \
		return made;
#define STORES(name, request, offset, kind)                                                        \
	case request:                                                                              \
		memcpy(arg + (offset), &made, sizeof(made));                                       \
		return 0;
#include "../../preload/libc/ioctl_fds.list"
#undef RETURNS
#undef STORES
	}
	return -1;
}
