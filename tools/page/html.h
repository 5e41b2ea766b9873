// SPDX-License-Identifier: MIT
/*
 * Snapshots as one HTML file that any browser opens from disk: nothing is fetched. The text is
 * complete without the script (the verdict, the table of findings, each finding as `fdtrail report
 * --full --show=all` prints it, and what is missing). The script sorts, searches and draws.
 */
#pragma once

#include "tools/export/format.h"

/* Writes the newest snapshot of each process, with its history. The snapshots should have been
 * merged (findings_merge). Returns 0 or -ENOMEM. */
int html_write(const struct model_snapshot *const *snapshots, size_t count,
	       const struct export_options *options, FILE *file);
