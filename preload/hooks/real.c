// SPDX-License-Identifier: MIT
/* See real.h. */
#include "real.h"

#include <errno.h>

#include "syscall.h"

struct real real;
long (*syscall_real)(long number, ...);

static long missing(void)
{
	errno = ENOSYS;
	return -1;
}

static void *look_up(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function) {
		/* The program may ask dlerror about calls of its own. */
		dlerror();
		function = (void *)missing;
	}
	return function;
}

void real_resolve(void)
{
	int saved = errno;

#define NAME(function)             real.function = (__typeof__(real.function))look_up(#function);
#define NAME_LIKE(function, other) NAME(function)
#include "names.h"
#undef NAME
#undef NAME_LIKE
	syscall_real = real.syscall;
	errno = saved;
}
