// SPDX-License-Identifier: MIT
/* See ci_option.h. */
#include "ci_option.h"

#include <stdio.h>
#include <stdlib.h>

#include "nearest.h"

const struct ci_format *ci_option(const struct accept *accept, const char *name)
{
	const struct ci_format *format = ci_format_find(name);

	if (format)
		return format;
	fprintf(stderr, "%sthere is no format '%s'", accept->prefix, name);
	fputs(nearest_say(stderr, name, ci_format_name, ci_format_count) ? "There are"
									 : "there are",
	      stderr);
	for (size_t i = 0; i < ci_format_count; i++)
		fprintf(stderr, "%s %s", i ? "," : "", ci_formats[i].name);
	fputc('\n', stderr);
	exit(accept->trouble);
}

char *ci_option_help(int key, const char *text, void *input)
{
	return key == 'f' ? nearest_list(ci_format_name, ci_format_count) : (char *)text;
}
