// SPDX-License-Identifier: MIT
/* See ci_format.h. */
#include "ci_format.h"

#include <string.h>

/* The default first, the others alphabetized. */
const struct ci_format ci_formats[] = {
	{"text", "for people", NULL},
	{"github", "annotations of GitHub Actions", github_write},
	{"json", "a document a line for each process, with its verdict", ci_json_write},
	{"junit", "test cases for Jenkins and GitLab", junit_write},
	{"sarif", "results for code scanning", sarif_write},
};

const size_t ci_format_count = sizeof(ci_formats) / sizeof(*ci_formats);

const struct ci_format *ci_format_find(const char *name)
{
	for (size_t i = 0; i < ci_format_count; i++)
		if (strcmp(ci_formats[i].name, name) == 0)
			return &ci_formats[i];
	return NULL;
}

const char *ci_format_name(size_t index)
{
	return index < ci_format_count ? ci_formats[index].name : NULL;
}
