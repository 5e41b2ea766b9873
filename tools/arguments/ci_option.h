// SPDX-License-Identifier: MIT
/* --format=NAME of the verbs that check limits: check and run. */
#pragma once

#include "accept.h"
#include "tools/ci/ci_format.h"

/* Returns the format called name. If there is none, ends the program after a message. */
const struct ci_format *ci_option(const struct accept *accept, const char *name);

/* For argp.help_filter: the help text of -f lists the formats. On the heap. */
char *ci_option_help(int key, const char *text, void *input);
