// SPDX-License-Identifier: MIT
/*
 * What asks for a snapshot of a traced process: the same as in the preload
 * (preload/runtime/trigger.h), in the same words.
 */
#pragma once

#include <signal.h>

#include "tracer.h"

/* Begins to watch a process, as the options say: after exec, and in a forked process. */
void triggers_start(const struct tracer *tracer, struct process *process);

/* Notes what the process' number 2 is now: snapshots for stderr go there as long as it is that. */
void triggers_note_stderr(struct process *process, int tid);

/* The signal that asks has come in for this task. */
void triggers_signal(const struct tracer *tracer, struct task *task, const siginfo_t *info);

/* `fdtrail snapshot` has asked the engine itself for the process of this task, which may run. */
void triggers_request(const struct tracer *tracer, struct task *task, const siginfo_t *info);

/* The process is about to exit with status: the last snapshot. Returns the status to exit with. */
int triggers_exit(const struct tracer *tracer, struct task *task, int status);

/* The process is being killed by a signal: the same. */
void triggers_killed(const struct tracer *tracer, struct task *task, int signal);

/* A call failed for want of descriptors: error is EMFILE or ENFILE. */
void triggers_out_of_descriptors(const struct tracer *tracer, struct task *task, const char *name,
				 int error);

/* Something was opened. */
void triggers_opened(const struct tracer *tracer, struct task *task);

/* Milliseconds of CLOCK_MONOTONIC_COARSE. */
uint64_t triggers_now_ms(void);
