// SPDX-License-Identifier: MIT
/* The command line of `fdtrail check`, parsed and checked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "view.h"
#include "ci_option.h"
#include "limits_options.h"
#include "tools/check/limits.h"
#include "tools/check/suppressions.h"
#include "tools/model/model_memory.h"

/* A process that --pid names. */
struct subject {
	int pid;
	char *left_out; /* a note on its children, which are not checked; or NULL. On the heap. */
};

struct check_arguments {
	struct limit_options limits;
	struct suppression_options suppressions;
	struct list subjects; /* of struct subject: --pid */
	bool children;        /* check descendants of these, too */
	const char *old;      /* the file that --max-growth compares with, or NULL */
	char **files;
	size_t file_count;
	const struct ci_format *format;
	struct view view;
};

/* Parses the command line. Ends the program for --help and, after a message, for wrong use. */
void check_arguments_parse(struct check_arguments *arguments, int argc, char **argv);

void check_arguments_finish(struct check_arguments *arguments);
