// SPDX-License-Identifier: MIT
/*
 * The engine's part in planted code (preload/planted/README.md): it plants the code, records what
 * the code doesn't know yet, and holds its records against the kernel's before a snapshot. All
 * functions accept processes and tables without planted code, and then do nothing.
 */
#pragma once

#include "tools/engine/planted/injected_call.h"
#include "tracer.h"

/* The task's process has just executed a program, and its table, if any, holds what it has
 * inherited: plants the code, if it is to be, and installs a filter, if there is none. */
void planted_calls_start(const struct tracer *tracer, struct task *task);

/* Planted code has stopped for us (planted_stop): does what it asks for. */
void planted_calls_stop(const struct tracer *tracer, struct task *task);

/* The task has made a process with these flags of clone(2), which has not run yet. */
void planted_calls_fork(const struct tracer *tracer, struct task *parent, struct process *child,
			uint64_t flags);

/* A forked process is about to run: switches its copy of the code off. */
void planted_calls_begin(struct task *task);

/* The vfork child of the task has executed a program, or ended. */
void planted_calls_vfork_done(const struct tracer *tracer, struct task *task);

/* From now on every call of the task's process stops. What the code has recorded stays. The task is
 * stopped at `at`. */
void planted_calls_end(const struct tracer *tracer, struct task *task, enum injected_at at);

/* The task is stopped before it gives its process a seccomp filter of its own, which may kill it
 * for what would have to be done later: switches the code off. */
void planted_calls_confined(const struct tracer *tracer, struct task *task);

/* Brings the counts of the table's stacks up to date. */
void planted_calls_combine(struct fd_table *table);

/* Waits until the task's threads have recorded what they have just opened; not for ever. */
void planted_calls_settle(const struct tracer *tracer, const struct task *task);
