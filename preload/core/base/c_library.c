// SPDX-License-Identifier: MIT
/* See c_library.h. */
#include "c_library.h"

#include <stddef.h>
#include <string.h>

#include "base_name.h"

/* Until glibc 2.33 libc.so.6 is a link to libc-2.33.so, and /proc has that name. libpthread, librt,
 * libutil and libdl are parts of libc.so since 2.34. Debian calls musl libc.so, Alpine
 * libc.musl-x86_64.so.1. */
static const char *const names[] = {
	"libc.so", "libc-2",   "libpthread.so", "libpthread-2", "libdl.so",
	"libdl-2", "librt.so", "librt-2",       "libutil.so",   "libutil-2",
	"libm.so", "libm-2",   "ld-linux",      "ld-musl",      "libc.musl",
};

bool c_library_is(const char *path)
{
	const char *file = base_name(path);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t length = strlen(names[i]);

		if (strnlen(file, length) == length && memcmp(file, names[i], length) == 0 &&
		    (!file[length] || file[length] == '.' || file[length] == '-'))
			return true;
	}
	return false;
}
