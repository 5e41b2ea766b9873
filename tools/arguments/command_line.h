// SPDX-License-Identifier: MIT
/* The command line of a verb: argp_parse(3), with what it lacks. */
#pragma once

#include <argp.h>

/* As argp_parse(3), which ends the program for wrong use; -h is --help, and an option that there is
 * not is one line that names its nearest neighbour. flags: 0, or ARGP_IN_ORDER where options end at
 * the first word that is none. Exits with argp_err_exit_status. */
void arguments_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
		     void *input);
