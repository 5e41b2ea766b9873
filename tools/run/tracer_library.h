// SPDX-License-Identifier: MIT
/*
 * Where libfdtrail.so is, seen from the command itself: installed, at the place that the build was
 * configured for, relative to the command, so that a prefix may be moved; and in a build folder, in
 * the room next door.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Fills in its path, absolute. 0, or a negative errno: -ENOENT, it is in none of these places. */
int tracer_library_find(char *path, size_t size);

/* Whether LD_PRELOAD can name this path: ld.so(8) splits the list at blanks and colons, and knows
 * no way to quote them. */
bool tracer_library_can_be_named(const char *path);
