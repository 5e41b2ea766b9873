// SPDX-License-Identifier: MIT
/* See real.h. */
#include "real.h"

#include <errno.h>
#include <string.h>

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
#define NAME_LATER(function, other)
#include "names.h"
#undef NAME
#undef NAME_LIKE
	syscall_real = real.syscall;
	errno = saved;
}

void real_resolve_later(void)
{
	int saved = errno;

#define NAME(function)
#define NAME_LIKE(function, other)
#define NAME_LATER(function, other) real.function = (__typeof__(real.function))look_up(#function);
#include "names.h"
#undef NAME
#undef NAME_LIKE
	errno = saved;
}

void real_resolve_for(const void *pointer)
{
	void *function;

	real_resolve();
	memcpy(&function, pointer, sizeof(function));
	if (!function)
		real_resolve_later();
}
