// SPDX-License-Identifier: MIT
/*
 * A snapshot for people: what leaks, how many, where, and what to do next, in the first lines; then
 * each group with its stacks by name and line. Used by `fdtrail report`, `snapshot` and `run`,
 * which hand in what symbolize_snapshot() has filled in (without it the text is shown with what the
 * snapshot itself says).
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "tools/model/model.h"

#define REPORT_SHOW_ALL (-1)
/* Groups shown, unless all are asked for: nobody reads the thousandth at night. */
#define REPORT_GROUPS 20

struct report_options {
	bool colour;
	int width;             /* of the terminal; 0: no terminal, lines are not cut */
	int show;              /* descriptors listed in each group; REPORT_SHOW_ALL */
	bool full;             /* all groups, and no frames of runtimes folded into one line */
	bool collapse_runtime; /* leave out frames that are not the program's own, and say how many
				*/
	bool filtered;         /* groups may have been taken out by filter_apply() */
};

/* What suits this file: colour and width when it is a terminal (and NO_COLOR is not set), 5 shown.
 */
struct report_options report_options_for(FILE *file);

/* The first lines: what process, what leaks, how many, and where. */
void report_summary(FILE *file, const struct model_snapshot *snapshot,
		    const struct report_options *options);

/* The groups, and at the end what is missing. */
void report_groups(FILE *file, const struct model_snapshot *snapshot,
		   const struct report_options *options);

/* The peaks alone, a line each. */
void report_peaks(FILE *file, const struct model_snapshot *snapshot,
		  const struct report_options *options);

/* A line above the first ones: which file the snapshot is from, and the line where it begins. */
void report_source(FILE *file, const struct model_snapshot *snapshot,
		   const struct report_options *options);

/* Both. */
void report_text(FILE *file, const struct model_snapshot *snapshot,
		 const struct report_options *options);
