// SPDX-License-Identifier: MIT
/* What `fdtrail check` was asked for: its options, checked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "view.h"
#include "limits_options.h"
#include "tools/check/limits.h"
#include "tools/check/suppressions.h"
#include "tools/model/model_memory.h"

/* A process that --pid names. */
struct subject {
	int pid;
	char *left_out; /* its children that are not looked at, in words; or NULL */
};

struct check_arguments {
	struct limit_options limits;
	struct suppression_options suppressions;
	struct list subjects; /* of struct subject: --pid */
	bool children;        /* of these, too */
	const char *old;      /* the file that --max-growth compares with, or NULL */
	char **files;
	size_t file_count;
	struct view view;
};

/* Takes the options apart. Ends the program with a line on stderr when one is wrong, and for
 * --help. */
void check_arguments_parse(struct check_arguments *arguments, int argc, char **argv);

void check_arguments_finish(struct check_arguments *arguments);
