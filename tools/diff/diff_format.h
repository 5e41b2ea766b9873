// SPDX-License-Identifier: MIT
/* The formats of `fdtrail diff`, each in a file of its own. */
#pragma once

#include <stdio.h>

#include "tools/export/format.h"
#include "tools/report/report.h"
#include "diff.h"

struct diff_options {
	struct export_options export; /* for json and folded */
	struct report_options report; /* for text */
};

struct diff_format {
	const char *name;    /* of --format=NAME */
	const char *summary; /* for --help */
	/* Returns 0 or a negative errno. Errors of file are left to ferror(3). */
	int (*write)(const struct diff *diff, const struct diff_options *options, FILE *file);
};

/* All formats, the default first, and their number. */
extern const struct diff_format diff_formats[];
extern const size_t diff_format_count;

/* The format called name, or NULL. */
const struct diff_format *diff_format_find(const char *name);

/* For people: the changed findings. Unchanged ones are only counted. */
int diff_write_text(const struct diff *diff, const struct diff_options *options, FILE *file);

/* One JSON document: fdtrail-json(5). */
int diff_write_json(const struct diff *diff, const struct diff_options *options, FILE *file);

/* "STACK OLD NEW" lines, as difffolded.pl makes them for a differential flame graph. */
int diff_write_folded(const struct diff *diff, const struct diff_options *options, FILE *file);

/* How many entries have each change. */
void diff_tally(const struct diff *diff, size_t counts[DIFF_CHANGES]);
