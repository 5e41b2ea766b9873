// SPDX-License-Identifier: MIT
/* The tracer's options, from preload/core/policy/options.list alone. */
#pragma once

#include <stddef.h>

struct tracer_option {
	const char *name;     /* as in FDTRAIL_<name> */
	const char *value;    /* the default, as text */
	const char *accepted; /* the values that it accepts */
	const char *purpose;  /* what it is for */
};

extern const struct tracer_option tracer_options[];
extern const size_t tracer_option_count;
