// SPDX-License-Identifier: MIT
/* The section of one process in the page, complete without the script. */
#pragma once

#include "tools/export/format.h"

/* Returns 0 or -ENOMEM. */
int html_process(const struct model_snapshot *snapshot, const struct export_options *options,
		 FILE *file);

/* The evidence against a group as words for the table: "growing", "in CLOSE_WAIT", "look here
 * first" or "suppressed"; or NULL. A group is growing also if it climbs over several snapshots.
 * *leaks: whether it is drawn as a leak. */
const char *html_evidence(const struct model_snapshot *snapshot, const struct model_group *group,
			  bool *leaks);
