// SPDX-License-Identifier: MIT
/* See tracer_library.h. */
#include "tracer_library.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* FDTRAIL_LIBDIR comes from meson.build: relative to the folder of the command, or absolute if
 * libdir lies outside of the prefix. */
static const char *const places[] = {FDTRAIL_LIBDIR "/libfdtrail.so", "../preload/libfdtrail.so"};

int tracer_library_find(char *path, size_t size)
{
	char here[PATH_MAX], tried[2 * PATH_MAX], found[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", here, sizeof(here) - 1);

	if (length < 0)
		return -errno;
	here[length] = '\0';
	*strrchr(here, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (places[i][0] == '/')
			snprintf(tried, sizeof(tried), "%s", places[i]);
		else
			snprintf(tried, sizeof(tried), "%s/%s", here, places[i]);
		if (!realpath(tried, found))
			continue;
		if (strlen(found) >= size)
			return -ENAMETOOLONG;
		memcpy(path, found, strlen(found) + 1);
		return 0;
	}
	return -ENOENT;
}

bool tracer_library_can_be_named(const char *path)
{
	/* The separators of the loader (handle_preload_list in its rtld.c). A dollar sign would
	 * begin a token such as $ORIGIN. */
	return !strpbrk(path, " :$");
}
