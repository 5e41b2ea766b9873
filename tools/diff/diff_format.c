// SPDX-License-Identifier: MIT
/* See diff_format.h. */
#include "diff_format.h"

#include <string.h>

/* The default first, the others alphabetized. */
const struct diff_format diff_formats[] = {
	{"text", "for people", diff_write_text},
	{"folded", "lines for a differential flame graph: STACK OLD NEW", diff_write_folded},
	{"json", "one JSON document", diff_write_json},
};

const size_t diff_format_count = sizeof(diff_formats) / sizeof(*diff_formats);

const struct diff_format *diff_format_find(const char *name)
{
	for (size_t i = 0; i < diff_format_count; i++)
		if (strcmp(diff_formats[i].name, name) == 0)
			return &diff_formats[i];
	return NULL;
}

void diff_tally(const struct diff *diff, size_t counts[DIFF_CHANGES])
{
	memset(counts, 0, DIFF_CHANGES * sizeof(*counts));
	for (size_t i = 0; i < diff->count; i++)
		counts[diff->entries[i].change]++;
}
