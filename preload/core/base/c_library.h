// SPDX-License-Identifier: MIT
/* The files of the C library, glibc's and musl's, and their loaders. */
#pragma once

#include <stdbool.h>

/* Whether a module at this path is one of them, by its name. libresolv does not count: it calls
 * open() and socket() of libc.so as any other library does. Async-signal-safe. */
bool c_library_is(const char *path);
