// SPDX-License-Identifier: MIT
/* What `fdtrail report` was asked for: its options, checked. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tools/export/format.h"
#include "tools/report/filter.h"

enum which { WHICH_USUAL, WHICH_NEWEST, WHICH_LAST, WHICH_ALL, WHICH_NUMBER };

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

enum { SHOW_NOT_GIVEN = -2 };

struct report_arguments {
	const struct format *format; /* NULL: text */
	const char *path;            /* of the output; NULL: standard output */
	char **files;
	size_t file_count;
	struct export_options options;
	enum colour colour;
	int show; /* or REPORT_SHOW_ALL, SHOW_NOT_GIVEN */
	bool full;
	enum which which;
	int64_t number;          /* for WHICH_NUMBER */
	const char **debug_dirs; /* NULL-terminated, to be freed; NULL: none */
	size_t debug_dir_count;
	struct filter filter;
};

/* Takes the options apart. Ends the program with a line on stderr when one is wrong, and for
 * --help. */
void report_arguments_parse(struct report_arguments *arguments, int argc, char **argv);
