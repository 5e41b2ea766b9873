// SPDX-License-Identifier: MIT
/* fdtrail version: the versions of fdtrail and of the libraries that its answers depend on. */
#include <elfutils/libdwfl.h>
#include <gnu/libc-version.h>
#include <stdio.h>

#include "tools/arguments/command_line.h"
#include "tools/arguments/verb.h"

int cmd_version(int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Show the versions of fdtrail and of the libraries it uses.\v"
		       "Example:\n"
		       "  fdtrail version",
	};

	arguments_parse(&argp, argc, argv, 0, NULL);
	printf("fdtrail %s\nelfutils %s, glibc %s\n", FDTRAIL_VERSION, dwfl_version(NULL),
	       gnu_get_libc_version());
	return EXIT_CLEAN;
}
