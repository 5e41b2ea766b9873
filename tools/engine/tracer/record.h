// SPDX-License-Identifier: MIT
/*
 * What a stopped system call does to its task's ledger. What is opened is recorded when the call
 * has returned. What is closed is not seen at once: record_closed() makes the ledger true before it
 * is read.
 */
#pragma once

#include "tracer.h"

/* The task stands before this call. True when its result must be seen: record_result is to follow.
 */
bool record_call(const struct tracer *tracer, struct task *task, const struct call *call,
		 enum call_abi abi);

/* The task stands behind task->pending, which this ends. */
void record_result(const struct tracer *tracer, struct task *task);

/* The task stands in clone(2) or a kin of it, and its child has been made, as that PTRACE_EVENT
 * says: records the descriptor for it, if any (CLONE_PIDFD). Returns the flags. */
uint64_t record_clone(const struct tracer *tracer, struct task *task, int child, int event);

/* The process has executed a program: everything that is open is inherited. */
void record_inherited(struct task *task);

/* The task stands at a breakpoint of its process: a request is about to use a connection. */
void record_request(const struct tracer *tracer, struct task *task, int index);

/* Takes the entries of closed numbers out of the ledger of the task's table. */
void record_closed(struct task *task);

/* Records what the threads with this table but one have just been given and not been stopped for
 * yet, or are about to be. Around the copy of a descriptor table, record_closed before and this
 * after it, no number is seen with the stack of one that was closed. */
void record_returned(const struct tracer *tracer, const struct fd_table *table,
		     const struct task *except);
