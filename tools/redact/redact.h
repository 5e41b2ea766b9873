// SPDX-License-Identifier: MIT
/*
 * Takes what may be private out of a snapshot, so that it can be attached to a bug report:
 * command-line arguments, host, user, addresses, and the names of home folders and of what lies in
 * them. Functions, lines, build-ids, module offsets, states, counts and ages stay, so that the
 * receiver can still find the leak. A program's own name stays, too, and paths outside of homes.
 *
 * Must come after symbolize_snapshot(), which needs the real paths, and before findings_merge().
 */
#pragma once

#include <stdio.h>

#include "preload/core/redact/substitutes.h"
#include "tools/model/model.h"

/* Replaces the snapshot's strings. Calls for several snapshots share their substitutes. */
void redact_snapshot(struct substitutes *substitutes, struct model_snapshot *snapshot);

/* Writes a line for each name, "10.0.0.1 -> address1", or nothing. */
void redact_list(const struct substitutes *substitutes, FILE *file);
