// SPDX-License-Identifier: MIT
/* Limits (tools/check/limits.h) on the command line. */
#pragma once

#include <argp.h>

#include "accept.h"
#include "tools/check/limits.h"

/* The limits as options of the command line, as a child parser (argp_children): --max-close-wait,
 * --max-open, --max-group, --max-growth, --max-peak, --max-peak-group, --max-age. Its input
 * (child_inputs) is a struct limit_options. A wrong value ends the program with a line on stderr.
 */
struct limit_options {
	struct accept accept;
	struct limits limits; /* LIMITS_INIT */
};
extern const struct argp limits_argp;
