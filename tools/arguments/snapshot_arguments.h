// SPDX-License-Identifier: MIT
/* What `fdtrail snapshot` was asked for: its options, checked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "view.h"
#include "tools/check/suppressions.h"
#include "tools/export/format.h"
#include "tools/model/model_memory.h"
#include "tools/report/filter.h"

struct snapshot_arguments {
	struct list pids; /* of int */
	int64_t count;
	double interval;
	bool outside, children, raw;
	struct view view;
	struct suppression_options suppressions;
	struct filter filter;
	struct export_options options;
	const struct format *format; /* NULL: text */
	const char *path;            /* of the output; NULL: standard output */
};

/* Takes the options apart. Ends the program with a line on stderr when one is wrong, and for
 * --help. */
void snapshot_arguments_parse(struct snapshot_arguments *arguments, int argc, char **argv);

void snapshot_arguments_finish(struct snapshot_arguments *arguments);
