// SPDX-License-Identifier: MIT
/*
 * The record of this process in the roster of `fdtrail run` (preload/core/base/roster.h). The
 * process takes a record when the tracer starts, or when it is forked; keeps it when it executes
 * another program; and gives it back when it ends. Without `fdtrail run` there is no roster, and
 * the functions here do nothing.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "preload/core/base/roster.h"
#include "preload/core/snapshot/writer.h"

/* From enroll_before_... to enroll_after_...: the record that must be put right after the call. */
struct enroll_exec {
	struct roster_record *record; /* NULL: none */
	uint64_t whose; /* the record's, if it was taken for this call; 0: it is the process' own */
};

/* Maps the roster that environ names, and notes in it that the tracer has started in this process.
 * Called by runtime_start, before it is known whether the program is to be traced. */
void enroll_arrive(char **environ);

/* The second part of the start, which calls the loader. Called by the constructor. */
void enroll_start(char **environ);

/* Unmaps the roster, because the program is not to be traced. */
void enroll_leave(void);

/* Takes a record for this process, whose short name is program. Called at the start, in a forked
 * child, and when the process runs on after enroll_end. Async-signal-safe. */
void enroll_process(const char *program);

/* Notes why the tracer doesn't see the calls of the program that this process runs. */
void enroll_unseen(enum roster_reason reason);

/* Ends the record, because the process ends. error: the errno, if its last snapshot could not be
 * written anywhere; else 0. Async-signal-safe. */
void enroll_end(int error);

/* The sink for the text of a snapshot that can't be written to its file because of file_error (an
 * errno): the roster. NULL: this process has no record. One thread at a time may use it, the one
 * that takes the snapshot (snapshot_queue.h). Async-signal-safe. */
const struct writer_sink *enroll_sink(int file_error);

/* True if there is a roster: `fdtrail run` then reports programs that run without the tracer. */
bool enroll_present(void);

/* Before exec(3) of file with the environment envp, and after it has failed. file may be NULL. file
 * and envp need not be readable. reason: the reason why the tracer won't see the new program, as
 * far as its file tells. Async-signal-safe, also in a vfork child. Both keep errno. */
struct enroll_exec enroll_before_exec(const char *file, char *const envp[],
				      enum roster_reason reason);
void enroll_after_exec(struct enroll_exec executing);

/* The same for posix_spawn(3). started: the call has succeeded. child: the new process' id; 0: not
 * known. */
struct enroll_exec enroll_before_spawn(const char *file, char *const envp[],
				       enum roster_reason reason);
void enroll_after_spawn(struct enroll_exec executing, bool started, pid_t child);

/* The same for popen(3) and system(3), which start /bin/sh with this process' environment. */
struct enroll_exec enroll_before_shell(void);
void enroll_after_shell(struct enroll_exec executing, bool started);
