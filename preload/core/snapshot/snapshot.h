// SPDX-License-Identifier: MIT
/*
 * The snapshot: a text that lists what is open and the stacks that opened it. Its grammar is in
 * README.md in this folder.
 *
 * snapshot_take runs in a short-lived helper process, which runtime/ makes (clone with CLONE_VM and
 * CLONE_VFORK, without CLONE_FILES). The helper shares the traced program's memory and has a frozen
 * copy of its descriptor table. So /proc/self/fd lists what the program had open at one instant,
 * and files opened here take no number from the program. A second process may inspect half of the
 * descriptors (begin_beside). Because memory and thread-local storage are the program's, nothing
 * here may call libc functions that lock, allocate, write errno or use a locale: only raw system
 * calls (preload/core/base/raw_syscall.h) and memcpy, memset, memcmp, strlen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "preload/core/ledger/ledger.h"
#include "group_note.h"
#include "proc.h"
#include "process_end.h"
#include "writer.h"

#define SNAPSHOT_VERSION  1
#define SNAPSHOT_SHOW_ALL UINT32_MAX

enum { SNAPSHOT_HIDDEN_MAX = 4, SNAPSHOT_IN_FLIGHT_MAX = 64, SNAPSHOT_UNSEEN_MAX = 64 };

struct frame_namer; /* frame.h */
struct beside;      /* runtime/beside.h; opaque here */

/* A descriptor of another process that could not be copied into this process' table. The facts come
 * from /proc. */
struct snapshot_outside {
	int fd;
	bool hidden; /* only known to be open: stat is all zero */
	long flags;  /* flags of open(2), from fdinfo; -1: not known */
	struct proc_stat stat;
	/* For sockets; domain 0: the rest is not known. */
	uint16_t domain, type, protocol;
	uint8_t state;  /* TCP state */
	bool connected; /* has a peer, known or not */
	bool listens;
	bool unlisted; /* a TCP or UDP socket that is in no table of its process' network namespace,
		        * so that it is unbound, or of another namespace */
	uint32_t unread, unsent; /* bytes */
	struct sockaddr_storage local, peer;
	socklen_t local_length, peer_length; /* 0: not known */
};

/* A descriptor that had no record when the last snapshot was taken. */
struct snapshot_unseen {
	int fd;      /* -1: unused place */
	bool listed; /* as opened by an untraced call; else a thread may have been opening it */
	uint64_t inode;
	uint32_t times_recorded; /* ledger_times_recorded */
	int64_t since_ms;        /* CLOCK_MONOTONIC: the first snapshot that has seen it */
};

/* A process other than the one that snapshot_take runs in (tools/process). Its descriptors were
 * copied into this process' table, under the same numbers. */
struct snapshot_target {
	bool traced;                            /* if not, the ledger is empty */
	const struct snapshot_outside *outside; /* in the order of fd */
	size_t outside_count;
	const char *outside_reason; /* why they could not be copied: one line */
	size_t changing; /* number opened, closed or replaced during the copy; not listed */
};

struct snapshot_request {
	struct ledger *ledger;
	const struct snapshot_target *target; /* NULL: the process itself */

	/* The slots of 0 .. before_end - 1, from before the descriptor table was copied. A slot
	 * with other words now has changed during the copy, and is not listed as known. */
	const struct ledger_words *before;
	int before_end;

	/* Numbers that are open in the program, but were closed in the frozen copy to make room for
	 * fdtrail's files, because the table was full. All are inherited. -1: unused. */
	int hidden[SNAPSHOT_HIDDEN_MAX];

	/* Numbers in flight: threads that request a snapshot were just getting them from a system
	 * call. Each is stored plus 1; 0: unused. Their hooks can't record them before the snapshot
	 * ends. NULL: none. */
	const _Atomic int *in_flight;

	/* The program's other threads, as their hooks tell; both NULL: not known. The first fills
	 * fds with at most most numbers that threads are recording now, and returns how many these
	 * are. The second says whether a thread is in a hook that opens something: 1, 0, or -1 if
	 * that is not known. */
	size_t (*threads_in_flight)(int *fds, size_t most);
	int (*thread_opens)(int thread);

	/* The descriptors that had no record when the last snapshot was taken,
	 * SNAPSHOT_UNSEEN_MAX places; filled in again. A snapshot does not wait long for the
	 * records of those that have been listed. NULL: not kept. */
	struct snapshot_unseen *unseen;
	const char *why; /* one line: "SIGUSR1 from process 4711", "exit with status 0", ... */
	const char *failed_call; /* the name of a call that failed with ..; NULL: none */
	int failed_with;         /* .. this, which is EMFILE or ENFILE */
	struct process_end end;  /* how the process ends, if this is its last snapshot */
	uint32_t number;         /* 1 for the first snapshot of this process */
	int pid;                 /* of the traced process; getpid() gives the helper's here */
	int thread;              /* the thread that requested the snapshot */
	const char *program;     /* the program's short name */
	uint64_t started_ms;     /* CLOCK_MONOTONIC at the ledger's start, in milliseconds */
	uint64_t forked_ms;   /* the same for the fork, if it came later; 0: none, or not known */
	uint64_t attached_ms; /* the same when `fdtrail attach` came; 0: it didn't */
	uint64_t process_started_ms; /* the same when the process started, if it came */
	const char *unread;    /* why the descriptors can't be read: the text has this instead of
			      * them. NULL: they can be read */
	const char *libunwind; /* "libunwind 1.6", or the reason why there is none */

	/* Tells whether fd is open in the program now, if /proc can't: 1, 0, or -1 for not known.
	 * NULL: never known. */
	int (*open_now)(int fd, void *data);
	void *open_now_data;

	/* begin_beside starts another process that does work(data) with the same memory and
	 * descriptor table; false: not possible. After true, end_beside waits for it; false: it
	 * ended before the work was done. Both get beside. NULL: no second process. */
	bool (*begin_beside)(struct beside *beside, void (*work)(void *data), void *data);
	bool (*end_beside)(struct beside *beside);
	struct beside *beside;

	int output; /* descriptor to write to, open in the frozen copy and not listed. -1: only
		     * count, write nothing */
	const struct writer_sink *sink; /* written to instead of output, unless NULL */
	/* Called before the first write, so that no file is created if there is nothing to write.
	 * It sets output or sink of the request that it gets; neither, if there is no output. NULL:
	 * they are set already. */
	void (*open_output)(struct snapshot_request *request, void *data);
	void *open_output_data;
	/* Gives a sink for a text that can't be written to output (writer.h); or NULL. */
	const struct writer_sink *(*instead)(int error, void *data);
	void *instead_data;
	bool lets_go;  /* the descriptor table is a copy that isn't needed again: census_let_go may
			 * close it before the text is written */
	uint32_t show; /* most descriptors to list per group; or SNAPSHOT_SHOW_ALL */
	uint32_t closers;   /* most closing stacks to list for an opening stack */
	uint64_t kinds;     /* the kinds that count, bits of kind.h */
	bool inherited;     /* list inherited descriptors one by one as a group */
	bool only_unclosed; /* write nothing if nothing of these kinds is unclosed and no stack held
			     * many until the teardown (peak.h) */
	struct substitutes *substitutes; /* for what is replaced in the text; NULL: nothing is */
	bool misuse;                     /* wrong closes are looked for (runtime/misuse.h) */
	bool peaks;                      /* list the peaks of all stacks, also low ones */

	/* Members for the ptrace engine only; zero elsewhere. */
	/* Returns the number of HTTP requests over fd, whose connection has a last user, and stores
	 * the address of its Transport; 0: not known. NULL: never known. */
	uint32_t (*requests_over)(int fd, uint64_t *transport, void *data);
	void *requests_data;
	int holder;         /* the thread that has the descriptors, if it isn't pid */
	bool closes_unseen; /* closes are not watched, so that closed entries are no surprise */
	const struct frame_namer *namer; /* tried before the files' symbol tables */
	enum group_note unknown_user;    /* a note for connections that are kept for later requests
				       * and have no known last user; NOTE_OTHER: none */
};

struct snapshot_result {
	size_t unclosed; /* open descriptors of these kinds that aren't inherited */
	size_t open;     /* all open descriptors, with inherited ones and other kinds */
	bool needed;     /* there was something to write; see only_unclosed */
	bool written;    /* all of the text was written */
	bool whole; /* all of it was in memory before the write, so that instead was tried and the
		       * copies were closed */
	int error;  /* errno of the first failure, of a write or ENOMEM; else 0 */
};

/* The process or thread whose descriptors are read in /proc. */
static inline int snapshot_holder(const struct snapshot_request *request)
{
	return request->holder ? request->holder : request->pid;
}

/* Fills in request->before and before_end from its ledger; to be called before the descriptor table
 * is copied. False: no memory. snapshot_end_before frees them. Async-signal-safe. */
bool snapshot_begin_before(struct snapshot_request *request);
void snapshot_end_before(struct snapshot_request *request);

/* Takes and writes one snapshot. Needs at most 40 KiB of stack. It always fills in result, and
 * frees all memory and descriptors that it used, whatever fails. Async-signal-safe. */
void snapshot_take(const struct snapshot_request *request, struct snapshot_result *result);
