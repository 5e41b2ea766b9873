// SPDX-License-Identifier: MIT
/* --format=NAME of the verbs that show snapshots. */
#pragma once

#include "tools/export/format.h"

/* The format called name; NULL for text. Ends the program with a line that begins with "fdtrail
 * VERB: " when there is none of that name. */
const struct format *format_option(const char *verb, const char *name);

/* The names by index, the default first, NULL after the last. */
const char *format_option_name(size_t index);

/* For argp.help_filter: the formats of the table as the text of -f. */
char *format_option_help(int key, const char *text, void *input);
