// SPDX-License-Identifier: MIT
/* See tracer_options.h. */
#include "tracer_options.h"

const struct tracer_option tracer_options[] = {
#define OPTION(name, parser, value, accepted, purpose) {#name, value, accepted, purpose},
#include "preload/core/policy/options.list"
#undef OPTION
};

const size_t tracer_option_count = sizeof(tracer_options) / sizeof(*tracer_options);
