// SPDX-License-Identifier: MIT
/*
 * Finds libfdtrail.so, relative to the command itself: where the build was configured to install
 * it, so that a prefix may be moved; or in the build folder.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Fills in its absolute path. 0, or a negative errno: -ENOENT it is in none of these places. */
int tracer_library_find(char *path, size_t size);

/* Whether LD_PRELOAD can have this path: ld.so(8) splits the list at blanks and colons, and has no
 * way to quote them. */
bool tracer_library_can_be_named(const char *path);
