// SPDX-License-Identifier: MIT
/*
 * The snapshot: one text that says what is open and which stack opened it. Its grammar is in
 * README.md beside this file.
 *
 * snapshot_take runs in a helper process that runtime/ makes for the moment (clone with CLONE_VM
 * and CLONE_VFORK, without CLONE_FILES): it shares the traced program's memory and has a frozen
 * copy of its descriptor table. So /proc/self/fd lists what the program had open at one instant,
 * and files opened here take no number from the program. A second process may look at half of the
 * descriptors (begin_beside). Because memory and thread-local storage are the program's, nothing
 * here may call libc functions that lock, allocate, write errno or use a locale: raw system calls
 * (preload/core/base/raw_syscall.h) and memcpy/memset/memcmp/strlen only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "preload/core/ledger/ledger.h"
#include "proc.h"
#include "writer.h"

#define SNAPSHOT_VERSION  1
#define SNAPSHOT_SHOW_ALL UINT32_MAX

enum { SNAPSHOT_HIDDEN_MAX = 4, SNAPSHOT_IN_FLIGHT_MAX = 64, SNAPSHOT_UNSEEN_MAX = 64 };

struct frame_namer; /* frame.h */
struct beside;      /* runtime/beside.h; nothing here looks into it */

/* A descriptor of another process that could not be copied into our table: what /proc tells of it.
 */
struct snapshot_outside {
	int fd;
	bool hidden; /* it is open, and nothing more is known: stat is all zero */
	long flags;  /* open(2)'s, from fdinfo; -1: not known */
	struct proc_stat stat;
	/* Of a socket; domain 0: nothing more is known. */
	uint16_t domain, type, protocol;
	uint8_t state;  /* of TCP */
	bool connected; /* it has a peer, known or not */
	bool listens;
	bool unlisted; /* of a TCP or UDP socket: it is in no table of its process' network
			* namespace, so it is unbound, or of another namespace */
	uint32_t unread, unsent; /* bytes */
	struct sockaddr_storage local, peer;
	socklen_t local_length, peer_length; /* 0: not known */
};

/* A descriptor that no hook had seen when the last snapshot was taken. */
struct snapshot_unseen {
	int fd; /* -1: unused place */
	uint64_t inode;
};

/* A process other than the one that snapshot_take runs in (tools/remote). Its descriptors were
 * copied into our table under their own numbers. */
struct snapshot_target {
	bool traced;                            /* else the ledger is empty, and tells nothing */
	const struct snapshot_outside *outside; /* by rising number */
	size_t outside_count;
	const char *outside_reason; /* why there are any: one line */
	size_t changing; /* opened, closed or replaced while they were copied; not listed */
};

struct snapshot_request {
	struct ledger *ledger;
	const struct snapshot_target *target; /* NULL: our own process */

	/* The slots of 0 .. before_end - 1 as they were before the descriptor table was copied. A
	 * slot that has other words now was changing during the copy and is not listed as known. */
	const struct ledger_words *before;
	int before_end;

	/* Numbers that are open in the program but were closed in the frozen copy, to have room for
	 * our own files when the table was full; all of them inherited. -1: unused place. */
	int hidden[SNAPSHOT_HIDDEN_MAX];

	/* Numbers that threads which ask for a snapshot were just getting from a system call, each
	 * plus 1, 0: unused place. No hook has had the time to record them, or will have before the
	 * snapshot has been taken. NULL: none. */
	const _Atomic int *in_flight;

	/* Which descriptors no hook had seen when the last snapshot was taken, SNAPSHOT_UNSEEN_MAX
	 * places; filled in anew. There is no need to wait long for the records of these. NULL: not
	 * kept. */
	struct snapshot_unseen *unseen;
	const char *why;     /* one line: "SIGUSR1 from process 4711", "exit with status 0", ... */
	uint32_t number;     /* 1 for the first snapshot of this process */
	int pid;             /* of the traced process; getpid() is the helper's here */
	int thread;          /* the thread that asked */
	const char *program; /* the program's short name */
	uint64_t started_ms; /* CLOCK_MONOTONIC when the ledger began, in milliseconds */
	uint64_t forked_ms;  /* the same when the process was forked, if that was later; 0: it was
			      * not,  or it is not known */
	const char *unread;  /* why the descriptors can't be looked at: then the text says that, and
			      * tells nothing of them. NULL: they can be */
	const char *libunwind; /* "libunwind 1.6", or why there is none */

	/* Whether fd is open in the program now, where /proc does not tell: 1, 0 or -1. NULL:
	 * nobody can say. */
	int (*open_now)(int fd, void *data);
	void *open_now_data;

	/* begin_beside has another process do work(data), in our memory and with our table; false:
	 * it can't. Then end_beside waits for it; false: it has ended before the work was done.
	 * Both get beside. NULL: we work alone. */
	bool (*begin_beside)(struct beside *beside, void (*work)(void *data), void *data);
	bool (*end_beside)(struct beside *beside);
	struct beside *beside;

	int output; /* where to write; open in the frozen copy, not to be listed. -1: count
		     * only, write nothing */
	const struct writer_sink *sink; /* where to write instead; NULL: to output */
	/* Called before the first write, so that no file is made when there is nothing to write:
	 * sets output or sink of the request that it gets, or neither when there is no way out.
	 * NULL: they are set. */
	void (*open_output)(struct snapshot_request *request, void *data);
	void *open_output_data;
	/* Where to write a text that output does not take (writer.h); or NULL. */
	const struct writer_sink *(*instead)(int error);
	bool lets_go;   /* our descriptor table is a copy that nobody needs again: census_let_go may
			 * close it before the text is written */
	uint32_t show;  /* most descriptors listed per group; SNAPSHOT_SHOW_ALL */
	uint64_t kinds; /* the kinds that count, bits of kind.h */
	bool inherited; /* list inherited descriptors one by one as a group */
	bool only_unclosed; /* write nothing when nothing of these kinds is unclosed, and no stack
			     * has held many until the end (peak.h) */
	bool peaks;         /* list the peaks of all stacks, low ones, too */

	/* For the ptrace engine; zero elsewhere. */
	/* How many HTTP requests were made over fd, whose connection has a last user, and the
	 * address of the Transport that it is of. 0: not known. NULL: nobody can say. */
	uint32_t (*requests_over)(int fd, uint64_t *transport, void *data);
	void *requests_data;
	int holder; /* the thread whose descriptors these are, where it is not that of pid */
	bool closes_unseen; /* closing is not watched: what has been closed meanwhile is no surprise
			     */
	const struct frame_namer *namer; /* asked before the files' symbol tables */
	const char *const *unknown_user; /* a note for connections that are kept for others, and
					  * whose last user is not known: lines, then NULL */
};

struct snapshot_result {
	size_t unclosed; /* descriptors of the wanted kinds, not inherited, that are open */
	size_t open;  /* all open descriptors, inherited ones and those of other kinds included */
	bool written; /* the whole text was written */
	bool whole;   /* it was whole in memory before: instead has been asked, and the copies are
		       * closed */
	int error;    /* errno of the first failure: of write, or ENOMEM; 0 */
};

/* Whose descriptors /proc is asked for. */
static inline int snapshot_holder(const struct snapshot_request *request)
{
	return request->holder ? request->holder : request->pid;
}

/* Fills in request->before and before_end from its ledger, for before the descriptor table is
 * copied; false: no memory. snapshot_end_before gives that back. */
bool snapshot_begin_before(struct snapshot_request *request);
void snapshot_end_before(struct snapshot_request *request);

/* Takes and writes one snapshot. Needs at most 40 KiB of stack. Whatever fails, it leaves result
 * filled in, gives back all memory and descriptors it took, and returns. */
void snapshot_take(const struct snapshot_request *request, struct snapshot_result *result);
