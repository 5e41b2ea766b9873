// SPDX-License-Identifier: MIT
/*
 * Records in the ledger what a stopped system call does. An open is recorded when the call has
 * returned. A close is not seen when it happens: record_closed() removes closed descriptors from
 * the ledger before it is read.
 */
#pragma once

#include "tracer.h"

/* The task is stopped before this call. True: the result matters, so stop the task again after the
 * call, and call record_result then. */
bool record_call(const struct tracer *tracer, struct task *task, const struct call *call,
		 enum call_abi abi);

/* The task is stopped after task->pending, which this clears. */
void record_result(const struct tracer *tracer, struct task *task);

/* The call of the task's has returned with these registers: records its result. task->table must
 * exist. Returns the stack that was recorded, or STACK_NONE. */
uint32_t record_finished(const struct tracer *tracer, struct task *task, const struct call *call,
			 enum call_abi abi, const struct user_regs_struct *registers);

/* The task is stopped in clone(2), clone3(2), fork(2) or vfork(2), at this PTRACE_EVENT, and its
 * child exists. Records the descriptor for the child, if any (CLONE_PIDFD). Returns clone's
 * flags. */
uint64_t record_clone(const struct tracer *tracer, struct task *task, int child, int event);

/* The process has executed a program: records everything that is open as inherited. */
void record_inherited(struct task *task);

/* The task is stopped at this breakpoint of its process: a request is about to use a connection. */
void record_request(const struct tracer *tracer, struct task *task, int index);

/* The same for a task with these registers at that place. Returns the stack, or STACK_NONE; use->fd
 * is -1 if the connection isn't known. */
struct go_http_use;
uint32_t record_request_at(const struct tracer *tracer, struct task *task, int index,
			   const struct user_regs_struct *registers, struct go_http_use *use);

/* Whether the ledger knows a request over the connection. */
bool record_was_used(const struct ledger *ledger, int fd);

/* Removes closed descriptors from the ledger of the task's table. */
void record_closed(struct task *task);

/* Records the descriptors that threads have just received from calls whose stop the tracer hasn't
 * handled yet: for all threads with this table except one, and also if a call is about to return.
 * With record_closed before a descriptor table is copied, and this after it, no descriptor is shown
 * with the stack of a closed one that had its number. */
void record_returned(const struct tracer *tracer, const struct fd_table *table,
		     const struct task *except);

/* Whether the task is running, or ready to: neither stopped nor asleep in its call. */
bool record_runs(const struct task *task);
