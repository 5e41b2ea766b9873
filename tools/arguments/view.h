// SPDX-License-Identifier: MIT
/*
 * Options that all reporting verbs share, as child parsers (argp_children): the display, and where
 * debug information is. Their input (child_inputs) is a struct view.
 */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/report/report.h"
#include "accept.h"

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* The words of --color, by enum colour. */
enum { COLOUR_NAMES = COLOUR_NEVER + 1 };
extern const char *const colour_names[COLOUR_NAMES];

enum { SHOW_NOT_GIVEN = -2 };

struct view {
	struct accept accept;
	int show; /* descriptors listed in each group, REPORT_SHOW_ALL or SHOW_NOT_GIVEN */
	bool full, collapse_runtime, per_test;
	enum colour colour;
	const char **debug_dirs; /* NULL-terminated; NULL: none */
	size_t debug_dir_count;
};

#define VIEW_INIT(prefix, trouble)                                                                 \
	{                                                                                          \
		.accept = {prefix, trouble}, .show = SHOW_NOT_GIVEN                                \
	}

/* --show, --full, --collapse-runtime, --color, --debug-dir. */
extern const struct argp view_argp;

/* The same without --show: for diff, which lists no descriptors, and for run, whose --show is the
 * tracer's. */
extern const struct argp view_without_show_argp;

/* Only --debug-dir: for export, which has no display. */
extern const struct argp view_debug_dir_argp;

/* The child parsers of `fdtrail report` and `fdtrail snapshot`. Their inputs (child_inputs) are a
 * struct view and a struct suppression_options. */
extern const struct argp_child view_and_suppressions[];

/* The options that suit this file (report_options_for), with those of the command line. */
struct report_options view_for(const struct view *view, FILE *file);

void view_finish(struct view *view);
