// SPDX-License-Identifier: MIT
/*
 * How a verb shows what it has found, and where it takes names from: the options that all of them
 * have, as child parsers (argp_children). Their input (child_inputs) is a struct view.
 */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/report/report.h"
#include "accept.h"

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* What the names of --color are, by enum colour. */
enum { COLOUR_NAMES = COLOUR_NEVER + 1 };
extern const char *const colour_names[COLOUR_NAMES];

enum { SHOW_NOT_GIVEN = -2 };

struct view {
	struct accept accept;
	int show; /* descriptors of each group, REPORT_SHOW_ALL or SHOW_NOT_GIVEN */
	bool full, collapse_runtime;
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

/* The same where no descriptors are listed, or --show is the tracer's. */
extern const struct argp view_without_show_argp;

/* What suits this file, with what was asked for. */
struct report_options view_for(const struct view *view, FILE *file);

void view_finish(struct view *view);
