// SPDX-License-Identifier: MIT
/*
 * Where a snapshot goes: stderr, or the file that FDTRAIL_OUTPUT names.
 */
#pragma once

#include "../snapshot/snapshot.h"
#include "options.h"

/* Opens the output for the snapshot that request describes: a descriptor, or -1 after a message has
 * said what is wrong. A file is created with mode 0600 and appended to, never through a symbolic
 * link, never one that belongs to somebody else or has a second name. The caller closes the
 * descriptor unless it is 2. Async-signal-safe. */
int output_open(const struct options *options, const struct snapshot_request *request);

/* Says in one line why writing to the output failed: error is an errno. */
void output_failed(const struct options *options, const struct snapshot_request *request,
		   int error);
