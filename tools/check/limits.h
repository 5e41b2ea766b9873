// SPDX-License-Identifier: MIT
/*
 * Limits that a program has to keep, for CI. A snapshot is compared with them, and for growth with
 * an earlier snapshot. Suppressed groups (suppressions.h) don't count, and neither do inherited
 * descriptors, because the program did not open them. Used by `fdtrail check` and `fdtrail run`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/model/model.h"

#define LIMIT_NONE (-1)

struct limits {
	int64_t close_wait;   /* TCP sockets in CLOSE_WAIT */
	int64_t open;         /* descriptors that the program opened and did not close */
	int64_t group;        /* descriptors of one group; of one finding, if they were merged */
	int64_t growth;       /* of the same, since the snapshot before */
	int64_t peak;         /* descriptors that the program had open at once */
	int64_t peak_percent; /* the same, with inherited ones, in percent of the process' limit */
	int64_t peak_group;   /* descriptors of one stack that were open at once */
	int64_t inheritable;  /* descriptors that it opened, and that programs it executes get */
	int64_t misuse;       /* wrong closes and uses after a close, each time */
	double age;           /* seconds, of any descriptor; < 0: none */
	uint64_t kinds;       /* only these count: KIND_BIT */
};

#define LIMITS_INIT                                                                                \
	{                                                                                          \
		.close_wait = LIMIT_NONE, .open = LIMIT_NONE, .group = LIMIT_NONE,                 \
		.growth = LIMIT_NONE, .peak = LIMIT_NONE, .peak_percent = LIMIT_NONE,              \
		.peak_group = LIMIT_NONE, .inheritable = LIMIT_NONE, .misuse = LIMIT_NONE,         \
		.age = LIMIT_NONE, .kinds = KIND_ALL,                                              \
	}

/* In rising order: the highest one of several limits counts. */
enum limits_verdict {
	LIMITS_KEPT,
	LIMITS_UNKNOWN, /* the snapshot lacks the data */
	LIMITS_BROKEN,
};

/* Whether any limit is set. */
bool limits_any(const struct limits *limits);

/* Whether any limit is set that needs a snapshot of each process at its end, even if it has closed
 * everything (FDTRAIL_PEAKS): on peaks, or on misuses. */
bool limits_need_snapshot(const struct limits *limits);

/*
 * Checks a snapshot against the limits, and writes a line to file for each one that is broken or
 * can't be checked; file NULL: writes nothing. Marks the groups and peaks that break a limit
 * (model_group.broken). before: an earlier snapshot of the same program, for growth; NULL: growth
 * is since the tracer's own previous snapshot.
 */
enum limits_verdict limits_check(const struct limits *limits, struct model_snapshot *snapshot,
				 struct model_snapshot *before, FILE *file);
