// SPDX-License-Identifier: MIT
/*
 * The triggers of snapshots of a traced process: the same as in the preload
 * (preload/runtime/trigger.h), with the same words.
 */
#pragma once

#include <signal.h>

#include "tracer.h"

/* Starts the triggers of a process anew, as the options say: after exec, and in a forked
 * process. */
void triggers_start(const struct tracer *tracer, struct process *process);

/* Notes the file that the process' descriptor 2 refers to now. Snapshots for stderr are written
 * there only while it refers to the same file. */
void triggers_note_stderr(struct process *process, int tid);

/* The trigger signal has come in for this task: takes a snapshot. */
void triggers_signal(const struct tracer *tracer, struct task *task, const siginfo_t *info);

/* `fdtrail snapshot` has asked the engine for a snapshot of the process of this task, which may be
 * running. */
void triggers_request(const struct tracer *tracer, struct task *task, const siginfo_t *info);

/* The process is about to exit with status: takes the last snapshot. Returns the status to exit
 * with (FDTRAIL_EXITCODE). */
int triggers_exit(const struct tracer *tracer, struct task *task, int status);

/* The process is being killed by a signal: takes the last snapshot. */
void triggers_killed(const struct tracer *tracer, struct task *task, int signal);

/* The call of that name failed with error, which is EMFILE or ENFILE. */
void triggers_out_of_descriptors(const struct tracer *tracer, struct task *task, const char *name,
				 int error);

/* A descriptor was opened: takes a snapshot if a threshold or interval is reached. */
void triggers_opened(const struct tracer *tracer, struct task *task);

/* Milliseconds of CLOCK_MONOTONIC_COARSE. */
uint64_t triggers_now_ms(void);
