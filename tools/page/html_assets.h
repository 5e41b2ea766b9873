// SPDX-License-Identifier: MIT
/* The page's style and script, which tools/page/embed makes at build time. */
#pragma once

#include <stddef.h>

extern const char html_style[], html_script[];
/* The Content-Security-Policy: it allows this style and this script by their hashes, and nothing
 * else, so that nothing in a snapshot can run or be fetched. */
extern const char html_policy[];
