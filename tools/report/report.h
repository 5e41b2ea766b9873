// SPDX-License-Identifier: MIT
/*
 * The report: a snapshot for people. Its first lines say what leaks, how many, where, and what to
 * do next; then follows each group with its stacks by name and line. `fdtrail report`, `snapshot`
 * and `run` pass snapshots that symbolize_snapshot() has filled in; without that, only the names of
 * the text are shown.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "tools/model/model.h"

#define REPORT_SHOW_ALL (-1)
/* Groups shown without --full, because nobody reads the thousandth at night. */
#define REPORT_GROUPS 20

struct report_options {
	bool colour;
	int width;       /* columns of the terminal; 0: not a terminal, lines are not broken */
	int show;        /* descriptors listed in each group; REPORT_SHOW_ALL */
	bool full;       /* all groups, all stacks, and all frames */
	bool all_stacks; /* of a group that has several; not only the one with the most */
	bool collapse_runtime; /* only frames of the program's own, and the number of others */
	bool per_test;         /* what each test has opened, instead of the groups */
	bool filtered;         /* groups may have been taken out by filter_apply() */
};

/* The options that suit this file: 5 descriptors shown; width, and colour (unless NO_COLOR is set),
 * if it is a terminal. */
struct report_options report_options_for(FILE *file);

/* Writes the first lines: the process, the likeliest leak, its number, and its place. */
void report_summary(FILE *file, const struct model_snapshot *snapshot,
		    const struct report_options *options);

/* Writes the groups and, at the end, what is missing. */
void report_groups(FILE *file, const struct model_snapshot *snapshot,
		   const struct report_options *options);

/* Writes one group of a snapshot with all its advice, and with its number if it is to have one. */
void report_group(FILE *file, const struct model_group *group, bool numbered,
		  const struct report_options *options);

/* Writes what report_groups() writes after the groups: peaks, what to do, and what is missing. */
void report_notes(FILE *file, const struct model_snapshot *snapshot,
		  const struct report_options *options);

/* Writes the peaks alone, a line each. */
void report_peaks(FILE *file, const struct model_snapshot *snapshot,
		  const struct report_options *options);

/* Writes a line to go before the summary: the snapshot's file, and the line where it begins. */
void report_source(FILE *file, const struct model_snapshot *snapshot,
		   const struct report_options *options);

/* Writes a whole report: the summary and the groups. */
void report_text(FILE *file, const struct model_snapshot *snapshot,
		 const struct report_options *options);
