// SPDX-License-Identifier: MIT
/* See ci_option.h. */
#include "ci_option.h"

#include "nearest.h"

const struct ci_format *ci_option(const struct accept *accept, const char *name)
{
	const struct ci_format *format = ci_format_find(name);

	if (!format)
		accept_refuse_format(accept, name, ci_format_name, ci_format_count);
	return format;
}

char *ci_option_help(int key, const char *text, void *input)
{
	return key == 'f' ? nearest_list(ci_format_name, ci_format_count) : (char *)text;
}
