// SPDX-License-Identifier: MIT
/* The command line of `fdtrail report`, parsed and checked. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "view.h"
#include "tools/check/suppressions.h"
#include "tools/export/format.h"
#include "tools/report/filter.h"

/* The ones before WHICH_NUMBER are words of --snapshot, in this order. */
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
	bool redact;
	const char *redact_list; /* file for what was replaced; or NULL */
	int64_t number;          /* for WHICH_NUMBER */
	struct filter filter;
};

/* Parses the command line. Ends the program for --help and, after a message, for wrong use. */
void report_arguments_parse(struct report_arguments *arguments, int argc, char **argv);
