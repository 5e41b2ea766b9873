// SPDX-License-Identifier: MIT
/*
 * The results of a run for a format that is not text (tools/ci/): all processes are in one
 * document, so their last snapshots are kept until the end. Called by run_report.c.
 */
#pragma once

#include <stddef.h>

#include "tools/check/limits.h"
#include "tools/ci/ci_format.h"
#include "tools/model/model_memory.h"

/* All zero is empty. */
struct run_results {
	struct list list; /* of struct ci_process */
};

/* Adds a process by its last snapshot, which must be symbolized and have findings; owns the
 * snapshot from now on. Checks it against the limits. Returns the verdict; LIMITS_UNKNOWN also if
 * there is no memory. */
enum limits_verdict run_results_add(struct run_results *results, struct model_snapshot *snapshot,
				    const struct limits *limits);

/* Adds what isn't known about processes: lines, each with a newline; owns the text from now on. */
void run_results_add_unknown(struct run_results *results, char *lines);

/* Empties the results, and returns the document, which the caller frees; NULL: no memory. */
char *run_results_take(struct run_results *results, const struct ci_format *format, size_t *length);
