// SPDX-License-Identifier: MIT
/*
 * Compares the snapshots of a series: which groups have grown and which have shrunk from one to the
 * next. Called by `fdtrail snapshot --count`.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "tools/model/model.h"
#include "tools/report/report.h"

/* Writes a line for each group that has changed from old to new, which must have function names
 * already. named: the first line names the process, because there are several. */
void series_text(FILE *file, struct model_snapshot *old, struct model_snapshot *new, bool named,
		 const struct report_options *options);
