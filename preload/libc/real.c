// SPDX-License-Identifier: MIT
/* See real.h. */
#include "real.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <stdbool.h>
#include <string.h>

#include "preload/core/base/find_object.h"
#include "preload/core/base/first_version.h"
#include "next_symbol.h"
#include "syscall_hook.h"

FIRST_VERSION(dlsym);
FIRST_VERSION(dlerror);

struct real real;
long (*syscall_real)(long number, ...);

static long missing(void)
{
	errno = ENOSYS;
	return -1;
}

/* NULL: no object that is loaded has it. */
static void *look_up(const char *name)
{
	void *function;

	if (strverscmp(gnu_get_libc_version(), "2.34") < 0 && next_symbol(name, &function))
		return function;
	function = dlsym(RTLD_NEXT, name);
	/* Clears the error, because the program may call dlerror about its own calls. */
	if (!function)
		dlerror();
	return function;
}

static void *look_up_or_miss(const char *name)
{
	void *function = look_up(name);

	return function ? function : (void *)missing;
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
#define NAME_LATER(function, other)                                                                \
	real.function = (__typeof__(real.function))look_up_or_miss(#function);
#include "names.h"
#undef NAME
#undef NAME_LIKE
	errno = saved;
}

void real_resolve_for(void *pointer)
{
	void *function;

	real_resolve();
	memcpy(&function, pointer, sizeof(function));
	if (function)
		return;
	real_resolve_later();
	memcpy(&function, pointer, sizeof(function));
	if (function)
		return;
	function = (void *)missing;
	memcpy(pointer, &function, sizeof(function));
}

/* Whether address lies in the C library. */
static bool is_libcs(void *address)
{
	struct found_object found, libc;

	return find_object(address, &found) == 0 &&
	       find_object((void *)gnu_get_libc_version, &libc) == 0 &&
	       found.link_map == libc.link_map;
}

const char *real_alone(void)
{
	/* glibc 2.35, and older ones with _dl_find_object from it, use a private variable instead,
	 * __libc_multiple_threads. They change this one only in the program's copy, which any C++
	 * program may have. */
	if (strverscmp(gnu_get_libc_version(), "2.36") < 0)
		return NULL;
	find_object_start();
	if (!find_object)
		return NULL;
	/* The C library's own variable is needed: a program that reads it has a copy of it, which
	 * pthread_cancel doesn't change. */
	void *alone = look_up_or_miss("__libc_single_threaded");
	void *const addresses[] = {
		(void *)real.open,
		(void *)real.open64,
		(void *)real.openat,
		(void *)real.openat64,
		(void *)real.socket,
		(void *)real.accept,
		(void *)real.accept4,
		(void *)real.connect,
		(void *)real.close,
		(void *)real.dup,
		alone,
	};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		if (!is_libcs(addresses[i]))
			return NULL;
	return alone;
}
