// SPDX-License-Identifier: MIT
/*
 * The calls by which the torture closes descriptors: functions with names of their own, CLOSE_SITES
 * for each line of closings.list, so that the closing stacks in the snapshot can be compared with
 * the real ones.
 */
#pragma once

#include <stddef.h>

#include "openings.h"

/* Few sites and paths, so that the pairs of an opening and a closing stack have counts above 1. */
enum { CLOSE_SITES = 2, CLOSE_PATHS = 3 };

/* The regions of close_range and closefrom, beside the owners of openings.h. */
enum { REGION_RANGE = UNSEEN + 1, REGION_FROM };

struct ending {
	int fd;
	unsigned int first, last;
	void *object;
	int result, site;
};

struct closing {
	const char *name;
	int owner;
	int weight;
	void (*sites[CLOSE_SITES])(struct ending *ending);
};

extern const struct closing closings[];
extern const size_t closing_count;
