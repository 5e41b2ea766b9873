// SPDX-License-Identifier: MIT
/*
 * Reports the snapshots of `fdtrail run`: while the program runs, those that were triggered, as
 * they come; and at its end, the last one of every process that has left something open. All of
 * this runs in a separate process, because `fdtrail run` must answer to signals while it waits for
 * the program, and must survive crashes in parsing debug information.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "tools/arguments/view.h"
#include "tools/check/limits.h"
#include "tools/check/suppressions.h"
#include "tools/ci/ci_format.h"
#include "run_order.h"
#include "run_roster.h"
#include "snapshot_files.h"

struct run_report {
	struct snapshot_files files;
	int output;           /* where the report goes */
	char *show;           /* FDTRAIL_SHOW, or NULL */
	bool verbose;         /* also report that nothing was left open */
	bool told;            /* something has been reported */
	struct limits limits; /* checked for each process, by its last snapshot */
	struct suppression_options suppressions;
	struct view view;
	const struct ci_format *format;  /* of the report at the end */
	struct run_life life;            /* the program's */
	int status;                      /* the program's, as waitpid(2) has it */
	bool at_exit;                    /* processes write a snapshot at their end */
	bool kept;                       /* the user wants the snapshots in files */
	const struct run_roster *roster; /* the processes of the run, and snapshots that aren't in
					  * files */
};

enum run_report_result {
	RUN_REPORT_CLEAN,
	RUN_REPORT_UNKNOWN, /* it isn't known whether a limit is broken; a line says why */
	RUN_REPORT_TROUBLE, /* not all could be reported; a line says why */
	RUN_REPORT_BROKEN,  /* a limit is broken; comes before all other results */
};

/* Reports the triggered snapshots from `shown` to `whole` of each file. */
enum run_report_result run_report_news(struct run_report *report);

/* Reports the rest, at the program's end. */
enum run_report_result run_report_end(struct run_report *report);
