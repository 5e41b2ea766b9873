// SPDX-License-Identifier: MIT
/*
 * Opens the output of a snapshot: stderr, or the file that FDTRAIL_OUTPUT names.
 */
#pragma once

#include "preload/core/base/line.h"
#include "preload/core/snapshot/snapshot.h"
#include "options.h"

/* The reason why there is no output. */
struct output_failure {
	int error;          /* an errno */
	const char *reason; /* in words; NULL: the errno says it */
	bool silent;        /* no message: stderr has become another file */
};

/* Opens the output for the snapshot that request describes. Returns a descriptor, which the caller
 * closes unless it is 2; or -1, with *failure filled in. A file is created with mode 0600 and
 * appended to. Symbolic links, files of other users and files with a second name are refused.
 * Async-signal-safe. */
int output_open(const struct options *options, const struct snapshot_request *request,
		struct output_failure *failure);

/* Writes one line to stderr that says why output_open failed, unless failure is silent.
 * Async-signal-safe. */
void output_refused(const struct options *options, const struct snapshot_request *request,
		    const struct output_failure *failure);

/* Writes one line to stderr that says why writing to the output failed; error is an errno.
 * Async-signal-safe. */
void output_failed(const struct options *options, const struct snapshot_request *request,
		   int error);

/* Appends a line "fdtrail: <note>" to the output for such a snapshot; `fdtrail run` reports it.
 * Async-signal-safe. */
void output_note(const struct options *options, const struct snapshot_request *request,
		 const struct line *note);
