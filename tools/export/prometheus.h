// SPDX-License-Identifier: MIT
/*
 * Snapshots as metrics, for `fdtrail export` and node_exporter's textfile collector. There is one
 * series for each group (and state), never one for a descriptor, so the program's stacks bound
 * their number:
 *
 *     fdtrail_open_descriptors{program,kind,state,stack,function}
 *     fdtrail_oldest_descriptor_age_seconds{the same}
 *     fdtrail_stack_opened_total{program,stack,function}
 *     fdtrail_stack_closed_total{the same}
 *     fdtrail_stack_peak_descriptors{the same}
 *     fdtrail_process_open_descriptors{program,pid}, and others of a process
 *
 * The first five count all processes of the program; the age is of listed descriptors; the last
 * three of these also count stacks that have none open.
 *
 * stack is the id (stack_id.h) of the opening stack, the same after a restart. function is the
 * innermost function of the program's own code, if known, else the innermost; for connections whose
 * last HTTP request is known, of that request. A group without a stack has stack="" and
 * function="[inherited]", ... Suppressed groups are left out.
 */
#pragma once

#include "format.h"
#include "metric_names.h"

/* How many series there may be. */
struct prometheus_bounds {
	size_t stacks;    /* of each program: those with the most descriptors; the others are added
			   * up under stack="" and function="[other]" */
	size_t processes; /* the first ones; the others count only in the sums of their program */
};

/* Adds snapshots, each of another process, to families (metric_names_begin). bounds: NULL for
 * series of all stacks and processes. Returns 0 or -ENOMEM. */
int prometheus_add(struct metric_family families[METRIC_NAMES],
		   const struct model_snapshot *const *snapshots, size_t count,
		   const struct prometheus_bounds *bounds);

/* As struct format's write; takes only the newest snapshot of each process. */
int prometheus_write(const struct model_snapshot *const *snapshots, size_t count,
		     const struct export_options *options, FILE *file);
