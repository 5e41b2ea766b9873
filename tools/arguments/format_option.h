// SPDX-License-Identifier: MIT
/* --format=NAME of the verbs that show snapshots: report and snapshot. */
#pragma once

#include "accept.h"
#include "tools/export/format.h"

/* Returns the format called name; NULL is text. If there is none, ends the program after a
 * message. */
const struct format *format_option(const struct accept *accept, const char *name);

/* Ends the program if format is binary and would be written to a terminal, after a message that
 * begins with "fdtrail VERB: ". format NULL is text. path: of the output; NULL or "-" is standard
 * output. */
void format_option_check_output(const char *verb, const struct format *format, const char *path);

/* The name at an index, the default first; NULL after the last one. */
const char *format_option_name(size_t index);

/* For argp.help_filter: the help text of -f lists the formats of the table. On the heap. */
char *format_option_help(int key, const char *text, void *input);
