// SPDX-License-Identifier: MIT
/* See tracer_options.h. */
#include "tracer_options.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct tracer_option tracer_options[] = {
#define OPTION(name, parser, value, accepted, purpose) {#name, value, accepted, purpose},
#include "preload/core/policy/options.list"
#undef OPTION
};

const size_t tracer_option_count = sizeof(tracer_options) / sizeof(*tracer_options);

bool tracer_option_flag(const struct tracer_option *option, struct argp_option *flag)
{
	char *name = strdup(option->name), *text;

	if (!name || asprintf(&text, "%s (%s; default: %s)", option->purpose, option->accepted,
			      option->value) < 0)
		return false;
	for (char *letter = name; *letter; letter++)
		*letter = (char)(*letter == '_' ? '-' : tolower((unsigned char)*letter));
	flag->name = name;
	flag->arg = strcmp(option->name, "KINDS") == 0 ? "KINDS"
		    : strcmp(option->name, "OUTPUT") == 0 || strcmp(option->name, "MARK_FILE") == 0
			    ? "FILE"
			    : "VALUE";
	flag->flags = strcmp(option->accepted, "0 or 1") == 0 ? OPTION_ARG_OPTIONAL : 0;
	flag->doc = text;
	return true;
}
