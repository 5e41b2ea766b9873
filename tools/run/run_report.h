// SPDX-License-Identifier: MIT
/*
 * What `fdtrail run` tells of the snapshots: those that were asked for while the program runs, as
 * they come, and at its end the last one of every process that left something open. All of this
 * runs in a process of its own: what waits for the program must answer to signals meanwhile, and
 * outlive what may go wrong with other people's debug information.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "tools/arguments/view.h"
#include "tools/check/limits.h"
#include "tools/check/suppressions.h"
#include "run_order.h"
#include "run_roster.h"
#include "snapshot_files.h"

struct run_report {
	struct snapshot_files files;
	int output;           /* where the report goes */
	char *show;           /* FDTRAIL_SHOW, or NULL */
	bool verbose;         /* say, too, that nothing was left open */
	bool told;            /* something has been reported */
	struct limits limits; /* that each process has to keep, by its last snapshot */
	struct suppression_options suppressions;
	struct view view;
	struct run_life life;            /* of the program */
	int status;                      /* of the program, as waitpid(2) has it */
	bool at_exit;                    /* processes report at their end */
	bool kept;                       /* the user wants the snapshots in files */
	const struct run_roster *roster; /* who was there, and what is not in files */
};

enum run_report_result {
	RUN_REPORT_CLEAN,
	RUN_REPORT_UNKNOWN, /* whether a limit is broken can't be told; a line says why */
	RUN_REPORT_TROUBLE, /* not all could be reported; a line has said why */
	RUN_REPORT_BROKEN,  /* a limit is broken, whatever else */
};

/* Reports what was asked for, from `shown` to `whole` of each file. */
enum run_report_result run_report_news(struct run_report *report);

/* Reports the rest, at the end. */
enum run_report_result run_report_end(struct run_report *report);
