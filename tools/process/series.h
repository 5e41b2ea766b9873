// SPDX-License-Identifier: MIT
/*
 * A series of snapshots of one process: what grew and what shrank from one to the next. Called by
 * `fdtrail snapshot --count`.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "tools/model/model.h"
#include "tools/report/report.h"

/* Puts what changed from old to new, both with names: a line for each group that did. named: the
 * first line says of which process, since there are several. */
void series_text(FILE *file, struct model_snapshot *old, struct model_snapshot *new, bool named,
		 const struct report_options *options);
