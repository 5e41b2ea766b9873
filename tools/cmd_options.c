// SPDX-License-Identifier: MIT
/* fdtrail options: the tracer's options, from the table that the tracer itself reads. */
#include <stdio.h>

#include "tools/arguments/command_line.h"
#include "tools/arguments/tracer_options.h"
#include "tools/arguments/verb.h"

int cmd_options(int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "List the tracer's options. Each is an environment variable, and a flag of "
		       "`fdtrail run`: FDTRAIL_OUTPUT=FILE is --output=FILE.\v"
		       "Example:\n"
		       "  fdtrail options",
	};

	arguments_parse(&argp, argc, argv, 0, NULL);
	for (size_t i = 0; i < tracer_option_count; i++) {
		const struct tracer_option *option = &tracer_options[i];

		printf("FDTRAIL_%s=%s\n    %s\n    accepts %s\n", option->name, option->value,
		       option->purpose, option->accepted);
	}
	return EXIT_CLEAN;
}
