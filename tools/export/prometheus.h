// SPDX-License-Identifier: MIT
/*
 * Snapshots as metrics for node_exporter's textfile collector. There is one series for each group
 * (and state), never one for a descriptor, so their number is bounded by the stacks of the program:
 *
 *     fdtrail_open_descriptors{program,kind,state,stack,function}        of all processes of the
 * program fdtrail_oldest_descriptor_age_seconds{the same}                    of those listed with
 * an age fdtrail_stack_opened_total, fdtrail_stack_closed_total{program,stack,function}
 *     fdtrail_stack_peak_descriptors{the same}                           also of stacks that have
 * none open
 *     fdtrail_process_open_descriptors{program,pid}                      and the other figures of a
 * process
 *
 * stack is the id of stack_id.h of the stack that opened them: the same after a restart. function
 * is the innermost function of the program's own code, where that is known, else the innermost; of
 * connections whose last HTTP request is known, of that request. What has no stack has stack="" and
 * function="[inherited]", ... Groups that are suppressed are left out.
 */
#pragma once

#include "format.h"

int prometheus_write(const struct model_snapshot *const *snapshots, size_t count,
		     const struct export_options *options, FILE *file);
