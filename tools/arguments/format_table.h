// SPDX-License-Identifier: MIT
/*
 * The table of formats (export/format.h). It stands above the rooms that write them. It feeds
 * --format, --help, the completions and the man page's test.
 */
#pragma once

#include <stddef.h>

#include "tools/export/format.h"

/* All formats, sorted by name, and their number. */
extern const struct format formats[];
extern const size_t format_count;

/* The format called name, or NULL. */
const struct format *format_find(const char *name);
