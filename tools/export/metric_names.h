// SPDX-License-Identifier: MIT
/*
 * The names, types and meanings of all metrics, in one table. Names and labels are an interface:
 * dashboards and alert rules of users depend on them (docs/fleet.md).
 */
#pragma once

#include "metrics.h"

enum metric_name {
	/* Metrics of snapshots: `fdtrail report`, `snapshot` and `export`. */
	METRIC_OPEN,
	METRIC_OLDEST_AGE,
	METRIC_STACK_OPENED,
	METRIC_STACK_CLOSED,
	METRIC_STACK_PEAK,
	METRIC_PROCESS_OPEN,
	METRIC_PROCESS_PEAK,
	METRIC_PROCESS_LIMIT,
	METRIC_PROCESS_UNCLOSED,
	METRIC_PROCESS_INHERITED,
	METRIC_PROCESS_UPTIME,
	METRIC_PROCESS_TIMESTAMP,
	METRIC_PROCESS_COMPLETE,
	/* Metrics of a series of looks: only `fdtrail export`. */
	METRIC_PROCESS_UP,
	METRIC_PROCESS_ENDED,
	METRIC_PROCESS_TRACED,
	METRIC_GROWTH,
	METRIC_GROWN_GROUPS,
	METRIC_ENDS,
	METRIC_STARTS,
	METRIC_LOOK_FAILURES,
	METRIC_NAMED_PROCESSES,
	METRIC_LOOK_COMPLETE,
	METRIC_LOOK_DURATION,
	METRIC_WITHOUT_SERIES,
	METRIC_BUILD,
	METRIC_NAMES,
};

/* A family of each, without series. metrics_finish() each of them. */
void metric_names_begin(struct metric_family families[METRIC_NAMES]);

/* Writes all families to file, unless it is NULL, and frees their series. */
void metric_names_end(struct metric_family families[METRIC_NAMES], FILE *file);
