// SPDX-License-Identifier: MIT
/* What `fdtrail report` was asked for: its options, checked. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "view.h"
#include "tools/check/suppressions.h"
#include "tools/export/format.h"
#include "tools/report/filter.h"

/* The first ones have names, in this order. */
enum which { WHICH_NEWEST, WHICH_LAST, WHICH_ALL, WHICH_NUMBER, WHICH_USUAL };

enum { REPORT_WHICH_NAMES = WHICH_NUMBER };
extern const char *const report_which_names[REPORT_WHICH_NAMES];

struct report_arguments {
	const struct format *format; /* NULL: text */
	const char *path;            /* of the output; NULL: standard output */
	char **files;
	size_t file_count;
	struct export_options options;
	struct view view;
	struct suppression_options suppressions;
	enum which which;
	int64_t number; /* for WHICH_NUMBER */
	struct filter filter;
};

/* Takes the options apart. Ends the program with a line on stderr when one is wrong, and for
 * --help. */
void report_arguments_parse(struct report_arguments *arguments, int argc, char **argv);
