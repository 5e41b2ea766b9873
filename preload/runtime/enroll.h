// SPDX-License-Identifier: MIT
/*
 * This process in the roster of `fdtrail run` (preload/core/base/roster.h): entered when the tracer
 * starts or a child has been forked, kept while a program is executed, and left at the end. Without
 * `fdtrail run` there is no roster, and nothing here does anything.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "preload/core/base/roster.h"
#include "preload/core/snapshot/writer.h"

/* What a call that executes a program has to put right when it returns. */
struct enroll_exec {
	struct roster_record *record; /* NULL: nothing */
	uint64_t whose;               /* taken for this call; 0: the record is the process' own */
};

/* Finds the roster that environ names and says in it that the tracer has started in this process.
 * From runtime_start, before the program is known to be traced. */
void enroll_arrive(char **environ);

/* The rest of it, which calls the loader: from the constructor. */
void enroll_start(char **environ);

/* The program is not to be traced: forgets the roster. */
void enroll_leave(void);

/* Takes a record for this process, whose short name is program. At the start, in a forked child,
 * and when the process goes on after its end was recorded. Async-signal-safe. */
void enroll_process(const char *program);

/* This process runs a program whose calls the tracer doesn't see. */
void enroll_unseen(enum roster_reason reason);

/* The process ends. error: the errno of what kept its last snapshot from being written anywhere; 0.
 */
void enroll_end(int error);

/* Where to write the text of a snapshot that can't be written to its file, because of file_error
 * (an errno); NULL: there is no roster. One at a time (preload/runtime/snapshot_queue.h).
 * Async-signal-safe. */
const struct writer_sink *enroll_sink(int file_error);

/* Whether `fdtrail run` hears of programs that are executed without the tracer. */
bool enroll_present(void);

/* Before exec(3) is called for file with environment envp, and after it has failed. Also in a vfork
 * child. envp need not be readable. Keep errno. */
struct enroll_exec enroll_before_exec(const char *file, char *const envp[],
				      enum roster_reason reason);
void enroll_after_exec(struct enroll_exec executing);

/* The same for posix_spawn(3). child: its process id when it has started; 0: that is not known. */
struct enroll_exec enroll_before_spawn(const char *file, char *const envp[],
				       enum roster_reason reason);
void enroll_after_spawn(struct enroll_exec executing, bool started, pid_t child);

/* The same for popen(3) and system(3), which start /bin/sh with the process' own environment. */
struct enroll_exec enroll_before_shell(void);
void enroll_after_shell(struct enroll_exec executing, bool started);
