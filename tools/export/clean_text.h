// SPDX-License-Identifier: MIT
/*
 * Text for formats that can't hold every byte. Bytes that are not valid UTF-8, and invisible
 * characters (line ends and control characters are), become U+FFFD.
 */
#pragma once

#include <stddef.h>

/* Returns a cleaned copy to free(3), of at most limit bytes (0: no limit; else at least 8). A
 * longer text is cut between characters, and ends in "...". NULL: no memory. */
char *clean_text(const char *text, size_t limit);
