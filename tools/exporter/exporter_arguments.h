// SPDX-License-Identifier: MIT
/* The command line of `fdtrail export`, parsed and checked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/arguments/view.h"
#include "tools/model/model_memory.h"
#include "tools/report/filter.h"
#include "listen_address.h"

struct exporter_arguments {
	struct list pids;  /* of int */
	struct list names; /* of const char *: --name */
	bool serves;       /* --listen */
	struct listen_address address;
	const char *path; /* of the output without --listen; NULL: standard output */
	double interval;  /* the least time between two looks, in seconds */
	size_t stacks;    /* of a program that have series of their own */
	bool outside, children;
	struct filter filter;
	struct view view;
};

/* Parses the command line. Ends the program for --help and, after a message, for wrong use. */
void exporter_arguments_parse(struct exporter_arguments *arguments, int argc, char **argv);
void exporter_arguments_finish(struct exporter_arguments *arguments);
