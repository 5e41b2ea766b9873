// SPDX-License-Identifier: MIT
/* The command line of `fdtrail snapshot`, parsed and checked. */
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

/* Parses the command line. Ends the program for --help and, after a message, for wrong use. */
void snapshot_arguments_parse(struct snapshot_arguments *arguments, int argc, char **argv);

void snapshot_arguments_finish(struct snapshot_arguments *arguments);
