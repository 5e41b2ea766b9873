// SPDX-License-Identifier: MIT
/*
 * Where a snapshot goes: stderr, or the file that FDTRAIL_OUTPUT names.
 */
#pragma once

#include "preload/core/base/line.h"
#include "preload/core/snapshot/snapshot.h"
#include "options.h"

/* Why there is no output. */
struct output_failure {
	int error;          /* an errno */
	const char *reason; /* in words; NULL: those of the errno */
	bool silent;        /* nobody is to be told: stderr has become another file */
};

/* Opens the output for the snapshot that request describes: a descriptor, or -1 with *failure
 * filled in. A file is created with mode 0600 and appended to, never through a symbolic link, never
 * one that belongs to somebody else or has a second name. The caller closes the descriptor unless
 * it is 2. Async-signal-safe. */
int output_open(const struct options *options, const struct snapshot_request *request,
		struct output_failure *failure);

/* Says in one line why output_open has failed. */
void output_refused(const struct options *options, const struct snapshot_request *request,
		    const struct output_failure *failure);

/* Says in one line why writing to the output failed: error is an errno. */
void output_failed(const struct options *options, const struct snapshot_request *request,
		   int error);

/* Adds a line of the tracer's to the file of such a snapshot, which `fdtrail run` reports. */
void output_note(const struct options *options, const struct snapshot_request *request,
		 const struct line *note);
