// SPDX-License-Identifier: MIT
/*
 * The traced processes, and the tasks (threads) in them, which are found by their kernel ids.
 * tracer.c creates and destroys them as events come in; record.c, task_stack.c and triggers.c work
 * on them.
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

/* The file that a descriptor refers to; inode 0: none. */
struct file_id {
	uint64_t device, inode;
};

/* The calls of a process that stop, by its filters. */
enum process_stops {
	STOPS_ALL,     /* those of calls.list */
	STOPS_NONE,    /* it will get a filter when it has executed the program: late_filter.h */
	STOPS_PLANTED, /* those for which planted code stops */
};

struct process {
	int pid;
	int reader;          /* the task to read memory through: the leader while it lives */
	unsigned int ending; /* tasks that have begun to exit */
	unsigned int tasks;  /* tasks that live */
	bool recording;      /* false before the first exec, in a vfork child, and in programs that
			      * FDTRAIL_ONLY leaves out */
	bool unsettled;      /* forked while its parent had other threads: see tracer.c, begin() */
	int forked_from;     /* the process that it was forked from, since its exec; 0: none */
	struct signal_use signal_use; /* the trigger signal */
	bool asking;                  /* a snapshot of it is being prepared */
	bool ended;                   /* its last snapshot has been taken */
	struct roster_record *record; /* in the roster of `fdtrail run`; or NULL */
	char program[64];             /* argv[0]'s last part */
	char main_path[PATH_MAX];     /* the program's file */
	uint64_t started_ms;          /* CLOCK_MONOTONIC when the ledger began */
	uint64_t forked_ms;           /* the same when it was forked; 0: not since its exec */
	uint32_t number;              /* of the last snapshot */
	struct file_id stderr_file;   /* we write to its descriptor 2 while it refers to this */
	struct remote_memory *memory; /* made when it is first needed */
	struct go_program *go;        /* NULL: it isn't a Go program */
	uint32_t runtimes;            /* the last stack in which Go's runtime opened for itself */
	struct plant *plant;          /* its planted code, while it records; or NULL */
	uintptr_t moved_from;         /* after a system call that planted code has moved; or 0 */
	uintptr_t moved_to;       /* .. and after the place where the program has it in its file */
	uintptr_t copied_control; /* forked: of its copy of its parent's code, which is still to
					 * be switched off; or 0 */
	enum process_stops stops;
	unsigned int filters;  /* how many it has from us, and from before us */
	uintptr_t filter_room; /* STOPS_PLANTED: PLANTED_FILTER bytes for another one */
	bool filter_due;       /* forked: it needs the filter for all calls before it runs */
	bool remembered;       /* the last stack that was taken depends on its key alone */
	struct breakpoints breakpoints;  /* where requests over connections begin (go_http.h) */
	bool connects;                   /* it has made a connection: its threads get breakpoints */
	struct libc_frames *libc_frames; /* of a static program; or NULL */
	const char *failed_call;         /* during a snapshot for EMFILE: the call, and .. */
	int failed_with;                 /* .. its error */
	uint64_t next_emfile_ms;         /* no snapshot for EMFILE before */
	uint64_t next_interval_ms;
	uint32_t threshold; /* the next count that triggers a snapshot; 0: none */
	int64_t opens_left; /* opens until the descriptors are counted again */
};

struct task {
	int tid;
	struct process *process;    /* NULL: its parent's event has not come in yet */
	struct fd_table *table;     /* NULL: not recorded */
	const struct call *pending; /* a call whose result matters; or NULL */
	enum call_abi abi;          /* of pending */
	bool spared;                /* the kernel won't kill it if we die (PTRACE_O_EXITKILL) */
	bool armed;                 /* it has the breakpoints of its process */
	bool ending;                /* it has begun to exit: its descriptors may be gone */
	bool filter_due;            /* in vfork: its process needs the filter for all calls */
	uint8_t vfork;              /* its place in planted_control.vfork, plus 1; 0: none */
	bool early;                 /* stopped at its start, waiting for its parent's event */
	bool answered; /* its snapshot is taken, but it stays stopped: tracer.c, answered() */
	int signal;    /* .. to resume it with */
	UT_hash_handle hh;
};

struct tracees {
	struct task *tasks;            /* uthash's, by tid */
	unsigned int early;            /* how many of them wait for their parents' events */
	unsigned int answered, passed; /* how many tasks are answered; events since the first */
};

/* The task with that id, or NULL. */
struct task *task_find(const struct tracees *tracees, int tid);

/* Makes a task of process (NULL: not known yet), without a table. NULL: no memory. */
struct task *task_create(struct tracees *tracees, int tid, struct process *process);

/* Notes that the task has begun to exit. Memory is then read through another task. */
void task_ends(struct tracees *tracees, struct task *task);

/* Whether the task was waiting for its parent's event; it no longer is. */
bool task_was_early(struct tracees *tracees, struct task *task);

/* Whether the task was answered and still stopped; it no longer counts as answered. */
bool task_was_answered(struct tracees *tracees, struct task *task);

/* Removes and frees a task, and with the last one its process. */
void task_destroy(struct tracees *tracees, struct task *task);

/* A thread that executes takes the id of its process (execve(2), ptrace(2)). The task tid gets the
 * id pid, and replaces the task that had it. Returns the task, or NULL if neither is known. */
struct task *task_becomes(struct tracees *tracees, int tid, int pid);

/* Makes a process without tasks, all zero except pid and reader. NULL: no memory. */
struct process *process_create(int pid);

/* The memory of the process, which stays its own; made at the first use. NULL: not available. */
struct remote_memory *process_memory(struct process *process);
