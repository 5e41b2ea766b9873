// SPDX-License-Identifier: MIT
/* See format_option.h. */
#include "format_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format_table.h"
#include "nearest.h"
#include "verb.h"

const char *format_option_name(size_t index)
{
	return !index ? "text" : index <= format_count ? formats[index - 1].name : NULL;
}

char *format_option_help(int key, const char *text, void *input)
{
	return key == 'f' ? nearest_list(format_option_name, format_count + 1) : (char *)text;
}

const struct format *format_option(const struct accept *accept, const char *name)
{
	const struct format *format = format_find(name);

	if (format || strcmp(name, "text") == 0)
		return format;
	accept_refuse_format(accept, name, format_option_name, format_count + 1);
}

void format_option_check_output(const char *verb, const struct format *format, const char *path)
{
	if (!format || !format->binary || (path && strcmp(path, "-") != 0) ||
	    !isatty(STDOUT_FILENO))
		return;
	fprintf(stderr, "fdtrail %s: %s output is binary: write it to a file with -o FILE%s\n",
		verb, format->name, format->ending);
	exit(EXIT_TROUBLE);
}
