// SPDX-License-Identifier: MIT
/* The command line of `fdtrail attach`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model_memory.h"

enum { ATTACH_NO_GROWTH = -1 };

struct attach_arguments {
	struct list pids;  /* of int */
	struct list names; /* of const char *: --name */
	bool background;
	bool children;
	double seconds; /* to wait; 0: until a signal, or the end of the process */
	int64_t growth; /* end when so many more descriptors are open; or ATTACH_NO_GROWTH */
	char *options;  /* NAME=VALUE texts, each with its NUL, and one more at the end */
	size_t options_size;
};

/* Parses the command line; wrong use ends the program. */
void attach_arguments_parse(struct attach_arguments *arguments, int argc, char **argv);
void attach_arguments_finish(struct attach_arguments *arguments);
