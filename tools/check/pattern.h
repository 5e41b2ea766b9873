// SPDX-License-Identifier: MIT
/* LeakSanitizer's patterns. */
#pragma once

#include <stdbool.h>

/* Whether pattern is found in text. `*` stands for any characters, also none; `^` at its beginning
 * is the text's beginning, `$` at its end the text's end. An empty text or pattern never matches.
 */
bool pattern_matches(const char *pattern, const char *text);
