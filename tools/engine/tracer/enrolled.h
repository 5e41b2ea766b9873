// SPDX-License-Identifier: MIT
/*
 * The traced processes in the roster of `fdtrail run` (preload/core/base/roster.h). The tracer
 * enters them, since nothing of ours runs in them.
 */
#pragma once

#include "preload/core/snapshot/writer.h"
#include "tracer.h"

/* Enters the process if it is to be recorded and isn't entered yet; takes it out if it is not to be
 * recorded. */
void enrolled_begin(const struct tracer *tracer, struct process *process);

/* Notes in the roster that the process runs a program that won't be recorded, for this reason.
 * False: there is no roster, or it is full. */
bool enrolled_unseen(const struct tracer *tracer, const struct process *process,
		     enum roster_reason reason);

/* The process ends. error: the errno for which its last snapshot couldn't be written anywhere, or
 * 0. */
void enrolled_end(struct process *process, int error);

/* A sink that writes a snapshot's text to the roster, for when its file can't be written. */
struct enrolled_sink {
	struct writer_sink sink; /* first, because its function gets a pointer to it */
	struct roster_header *roster;
	struct roster_record *record;
};

/* Fills in sink for this process, whose file can't be written: file_error is the errno. False: the
 * process isn't in a roster. The sink is valid until enrolled_end. */
bool enrolled_sink(const struct tracer *tracer, const struct process *process, int file_error,
		   struct enrolled_sink *sink);
