// SPDX-License-Identifier: MIT
/*
 * The order in which the report of a run tells its processes. A descriptor that a process leaves
 * open is closed by the kernel when the process ends, so processes that outlive others come first:
 * the program itself, and those that end after it; then those that ended before it.
 *
 * Short-lived processes with the same groups (a server that forks a child for each connection) are
 * one line together, the last of all. Short-lived means: it ended while the program went on, 10
 * seconds after its start at most, and within a quarter of the program's time. Groups are the same
 * when they are of one kind and were opened at the same place; their counts may differ. Limits hold
 * for each process, told alone or not: their lines are kept.
 *
 * Used by run_report.c, which hands in the text of each process as it is made.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/model/model.h"

/* The program of the run. Times are CLOCK_REALTIME, in milliseconds. */
struct run_life {
	pid_t pid;
	int64_t started_ms, ended_ms;
};

struct run_order;

/* fold: whether short-lived processes are told together. Ends the program when there is no memory.
 */
struct run_order *run_order_create(const struct run_life *life, bool fold);
/* NULL is nothing. */
void run_order_destroy(struct run_order *order);

/* Takes what is to be told of a process by its last snapshot, of which findings_merge() has made
 * findings: report (may be empty), and lines about its limits and its peaks, each with its newline.
 * alone: it must be told in whole, even where it is short-lived. Both texts are copied. */
void run_order_add(struct run_order *order, const struct model_snapshot *snapshot, bool alone,
		   const char *report, const char *lines);

/* Hands all texts in their order to put; report: it is a paragraph of its own. */
void run_order_tell(struct run_order *order, void (*put)(void *data, const char *text, bool report),
		    void *data);
