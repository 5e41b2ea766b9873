// SPDX-License-Identifier: MIT
/*
 * The order of processes in the report of a run. When a process ends, the kernel closes what it has
 * left open, so leaks matter most in long-lived processes: first come the program itself and those
 * that end after it, then those that ended before it.
 *
 * Short-lived processes with the same groups (a server that forks a child for each connection)
 * share one line at the end. A process is short-lived if it ended before the program did, at most
 * 10 seconds after its own start, and within a quarter of the program's time. Groups are the same
 * if they are of one kind and were opened at the same place; their counts may differ. Limits hold
 * for each process, so their lines are kept in any case.
 *
 * Used by run_report.c, which adds the text of each process as it is made.
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

/* Makes an empty order. fold: short-lived processes share a line. Ends the process if there is no
 * memory. */
struct run_order *run_order_create(const struct run_life *life, bool fold);
/* NULL is accepted. */
void run_order_destroy(struct run_order *order);

/* Adds a process by its last snapshot, whose findings findings_merge() has merged, with its texts:
 * report (may be empty), and lines about its limits and peaks, each with its newline. alone: report
 * it alone, even if it is short-lived. Both texts are copied. */
void run_order_add(struct run_order *order, const struct model_snapshot *snapshot, bool alone,
		   const char *report, const char *lines);

/* Calls put with each text, in order. report: the text is a paragraph of its own. */
void run_order_tell(struct run_order *order, void (*put)(void *data, const char *text, bool report),
		    void *data);
