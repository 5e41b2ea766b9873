// SPDX-License-Identifier: MIT
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base_name.h"

/* Whether the file of that path is the C library's by its name: glibc's (libpthread and librt were
 * files of their own until 2.34) or musl's, which Debian calls libc.so. Async-signal-safe. */
static inline bool c_library_file(const char *path)
{
	static const char *const names[] = {"libc.so.",   "libc-2.",     "libpthread", "librt.so.",
					    "librt-2.",   "libutil.so.", "libutil-2.", "ld-musl-",
					    "libc.musl-", "ld-linux"};
	const char *name = base_name(path);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return strcmp(name, "libc.so") == 0;
}
