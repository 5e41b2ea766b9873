// SPDX-License-Identifier: MIT
/* See load_unwinder.h. */
#include "load_unwinder.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "preload/core/capture/unwinder.h"

void engine_load_unwinder(void)
{
	char folder[PATH_MAX + sizeof(FDTRAIL_LIBDIR "/fdtrail")];
	ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX);

	while (length > 0 && folder[length - 1] != '/')
		length--;
	if (length < 0)
		length = 0;
	snprintf(folder + length, sizeof(folder) - (size_t)length, "%s/fdtrail", FDTRAIL_LIBDIR);
	unwinder_load(folder);
}
