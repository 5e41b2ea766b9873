// SPDX-License-Identifier: MIT
/*
 * See deepbind.h. Removing RTLD_DEEPBIND from dlopen's flags would bind the program's libraries to
 * other functions, and a hook of dlopen would be a caller with another RUNPATH. So this changes the
 * library's references instead: a reference to the real function behind a hook of ours is made to
 * point to the hook. References to other functions of the same name, the library's own or another
 * library's, stay as they are.
 *
 * This happens in __gmon_start__, which we define. Every shared library calls that function, if it
 * is defined, at the start of the _init that the C library's crti.o gives it. (It is meant for
 * gprof: a program built for gprof defines it itself, and that definition comes before ours.) At
 * that moment the loader has bound the library, none of the library's code has run, not even its
 * constructors, and the loader's lock is held, so no thread is in the middle of a call. Languages
 * are told at the same moment, because a part of an interpreter may be such a library.
 *
 * Some calls still bypass the hooks, and snapshots list the descriptors that these open as opened
 * by an untraced call: calls of libraries without that _init, of all libraries in a program that is
 * built for gprof (gcc -pg), of libraries that dlmopen(3) loads (with a C library of their own),
 * and calls through pointers from dlsym(3) with the C library's own handle.
 */
#include "deepbind.h"

#include <errno.h>
#include <link.h>

#include "preload/libc/real.h"
#include "redirect.h"
#include "runtime.h"

/* The number of objects that had been loaded at deepbind_start (dlpi_adds); 0 before it. */
static unsigned long long loaded_at_start;

static int note_loaded(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	*(unsigned long long *)data = info->dlpi_adds;
	return 1;
}

void deepbind_start(void)
{
	dl_iterate_phdr(note_loaded, &loaded_at_start);
}

void deepbind_stop(void)
{
	loaded_at_start = 0;
}

static int find_library(struct dl_phdr_info *info, size_t size, void *data)
{
	struct library *library = data;
	struct library found = library_of(info);

	(void)size;
	/* Libraries that were loaded at the program's start are never bound with RTLD_DEEPBIND. */
	if (info->dlpi_adds == loaded_at_start)
		return 1;
	if (!redirect_segment(&found, PT_LOAD, library->place))
		return 0;
	found.place = library->place;
	*library = found;
	return 1;
}

HOOK void __gmon_start__(void);
void __gmon_start__(void)
{
	struct library library = {.place = (uintptr_t)__builtin_return_address(0)};
	struct redirected counts = {0};
	int saved = errno;

	if (!loaded_at_start)
		return;
	dl_iterate_phdr(find_library, &library);
	if (library.headers)
		redirect_library(&library, &counts);
	mixed_loaded(&runtime.capture.mixed, &runtime.capture);
	errno = saved;
}
