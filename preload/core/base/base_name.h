// SPDX-License-Identifier: MIT
#pragma once

#include <string.h>

/* The part of path after its last slash, or all of path if it has none. Points into path.
 * Async-signal-safe. */
static inline const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
