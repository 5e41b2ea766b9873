// SPDX-License-Identifier: MIT
/* The tracer's options, from preload/core/policy/options.list alone. */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

struct tracer_option {
	const char *name;     /* as in FDTRAIL_<name> */
	const char *value;    /* the default, as text */
	const char *accepted; /* the values that it accepts */
	const char *purpose;  /* what it is for */
};

extern const struct tracer_option tracer_options[];
extern const size_t tracer_option_count;

/* Fills in name, arg, flags and doc of the option's flag, FDTRAIL_DEPTH's being --depth. A flag
 * of an option that is 0 or 1 needs no value. The texts are never freed, because argp keeps
 * them. False: no memory. */
bool tracer_option_flag(const struct tracer_option *option, struct argp_option *flag);
