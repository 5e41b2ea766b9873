// SPDX-License-Identifier: MIT
/*
 * What is traced: processes, and the tasks (threads) in them, found by their kernel ids. tracer.c
 * makes and ends them as events come in; record.c, task_stack.c and triggers.c work on them.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uthash.h>

#include "preload/core/base/roster.h"
#include "preload/core/policy/signal_use.h"
#include "tools/engine/go/breakpoint.h"
#include "calls.h"
#include "tools/engine/go/go_program.h"
#include "tools/engine/walk/remote_memory.h"
#include "fd_table.h"
#include "tools/engine/walk/libc_frames.h"

/* Which file a descriptor refers to; inode 0: none. */
struct file_id {
	uint64_t device, inode;
};

struct process {
	int pid;
	int reader;          /* the task whose memory is read: the leader, while it lives */
	unsigned int ending; /* tasks that have begun to exit */
	unsigned int tasks;  /* that live */
	bool recording;      /* false before the first exec, in a vfork child, and in programs that
			      * FDTRAIL_ONLY leaves out */
	bool unsettled;  /* forked while other threads were at the table: see tracer.c, begin() */
	int forked_from; /* the process that it is a copy of, since its exec; 0: none */
	struct signal_use signal_use; /* the signal that asks */
	bool asking;                  /* a snapshot of it is being prepared */
	bool ended;                   /* its last snapshot has been taken */
	struct roster_record *record; /* in the roster of the run; or NULL */
	char program[64];             /* argv[0]'s last part */
	char main_path[PATH_MAX];     /* the program's file */
	uint64_t started_ms;          /* CLOCK_MONOTONIC when the ledger began */
	uint64_t forked_ms;         /* the same when it was forked; 0: it was not, since its exec */
	uint32_t number;            /* of the last snapshot */
	struct file_id stderr_file; /* what its number 2 is to be for us to write there */
	struct remote_memory *memory;   /* made when it is first needed */
	struct go_program *go;          /* NULL: it is no Go program */
	uint32_t runtimes;              /* the last stack in which Go's runtime opened for itself */
	struct breakpoints breakpoints; /* where a request over a connection begins (go_http.h) */
	bool connects;                  /* it has asked for one: its threads are armed */
	struct libc_frames *libc_frames; /* of a static program; or NULL */
	uint64_t next_emfile_ms;         /* before that, no snapshot for EMFILE */
	uint64_t next_interval_ms;
	uint32_t threshold; /* the next to be reported; 0: none */
	int64_t opens_left; /* until the descriptors are counted again */
};

struct task {
	int tid;
	struct process *process;    /* NULL: its parent's event has not come in yet */
	struct fd_table *table;     /* NULL: not recorded */
	const struct call *pending; /* a call whose result will be looked at */
	enum call_abi abi;          /* of it */
	bool armed;                 /* with the breakpoints of its process */
	bool ending;                /* it has begun to exit: its descriptors may be gone */
	bool early;                 /* stopped at its start, waiting for its parent's event */
	bool answered; /* stopped, with its snapshot taken, while others have their turn */
	int signal;    /* .. to be resumed with this */
	UT_hash_handle hh;
};

struct tracees {
	struct task *tasks;            /* uthash's, by tid */
	unsigned int early;            /* how many of them wait for their parents' events */
	unsigned int answered, passed; /* how many have been answered; events since the first was */
};

/* The task of that id, or NULL. */
struct task *task_find(const struct tracees *tracees, int tid);

/* A new task of process (NULL: not known yet), without a table. NULL: no memory. */
struct task *task_create(struct tracees *tracees, int tid, struct process *process);

/* The task has begun to exit. */
void task_ends(struct tracees *tracees, struct task *task);

/* Whether the task has waited for its parent's event, which it does no more. */
bool task_was_early(struct tracees *tracees, struct task *task);

/* Whether the task has been answered, and was stopped since. It no more waits for others. */
bool task_was_answered(struct tracees *tracees, struct task *task);

/* Ends a task, and with its last one the process. */
void task_destroy(struct tracees *tracees, struct task *task);

/* The thread that executes takes the id of its process (execve(2), ptrace(2)): the record of old,
 * if any, is replaced by that of tid. Returns it, or NULL. */
struct task *task_becomes(struct tracees *tracees, int tid, int pid);

/* A process without tasks, all zeroes but pid. NULL: no memory. */
struct process *process_create(int pid);

/* The memory of the process, or NULL. */
struct remote_memory *process_memory(struct process *process);
