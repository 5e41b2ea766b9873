// SPDX-License-Identifier: MIT
/*
 * The traced processes in the roster of `fdtrail run` (preload/core/base/roster.h). The tracer
 * enters them, since nothing of ours runs in them.
 */
#pragma once

#include "preload/core/snapshot/writer.h"
#include "tracer.h"

/* Enters a process that is to be recorded, unless it is entered already; takes out one that is not.
 */
void enrolled_begin(const struct tracer *tracer, struct process *process);

/* Tells the roster that the process runs a program of which nothing will be known. False: there is
 * none, or no room. */
bool enrolled_unseen(const struct tracer *tracer, const struct process *process,
		     enum roster_reason reason);

/* The process ends. error: the errno of what kept its last snapshot from being written anywhere; 0.
 */
void enrolled_end(struct process *process, int error);

/* Where text goes that can't be written to its file. */
struct enrolled_sink {
	struct writer_sink sink; /* first: it is what its function gets */
	struct roster_header *roster;
	struct roster_record *record;
};

/* Fills in sink for this process, whose file can't be written because of file_error, an errno.
 * False: there is no roster. */
bool enrolled_sink(const struct tracer *tracer, const struct process *process, int file_error,
		   struct enrolled_sink *sink);
