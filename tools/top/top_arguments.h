// SPDX-License-Identifier: MIT
/* The command line of `fdtrail top`, parsed and checked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tools/arguments/view.h"
#include "tools/model/model_memory.h"
#include "tools/report/filter.h"
#include "top_order.h"

struct top_arguments {
	struct list pids; /* of int */
	int64_t count;    /* of snapshots; 0: no end */
	double interval;  /* seconds */
	bool plain, outside, children;
	enum top_order order;
	struct view view;
	struct filter filter;
};

/* Parses the command line. Ends the program for --help and, after a message, for wrong use. */
void top_arguments_parse(struct top_arguments *arguments, int argc, char **argv);

void top_arguments_finish(struct top_arguments *arguments);
