// SPDX-License-Identifier: MIT
/* Limits (tools/check/limits.h) as options of check and run. */
#pragma once

#include <argp.h>

#include "accept.h"
#include "tools/check/limits.h"

/* A child parser (argp_children) with --max-close-wait, --max-open, --max-group, --max-growth,
 * --max-peak, --max-peak-group, --max-inheritable, --max-misuse, --max-age. Its input
 * (child_inputs) is a struct limit_options. A bad value ends the program after a message. */
struct limit_options {
	struct accept accept;
	struct limits limits; /* LIMITS_INIT */
};
extern const struct argp limits_argp;
