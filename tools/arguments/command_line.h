// SPDX-License-Identifier: MIT
/* The command line of a verb: argp_parse(3) with -h and with better messages. */
#pragma once

#include <argp.h>

/* Like argp_parse(3), which ends the program for wrong use. -h is --help, and an unknown option is
 * one line that names the nearest one. flags: 0, or ARGP_IN_ORDER if options end at the first word
 * that isn't one. Exits with argp_err_exit_status. */
void arguments_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
		     void *input);
