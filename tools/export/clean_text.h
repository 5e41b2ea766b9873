// SPDX-License-Identifier: MIT
/*
 * Names for formats that have no way to write every byte: what is not valid UTF-8, and every
 * character that is invisible (line ends and control characters are), becomes U+FFFD.
 */
#pragma once

#include <stddef.h>

/* A cleaned copy to free(3), of at most limit bytes (0: no limit; else at least 8): longer ones are
 * cut between characters and end in "...". NULL: no memory. */
char *clean_text(const char *text, size_t limit);
