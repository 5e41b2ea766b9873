// SPDX-License-Identifier: MIT
/*
 * The roster of one `fdtrail run`: memory that the command and every traced process share. It
 * answers a question that files can't: did a process end without a snapshot? Each traced process
 * has a record here from its start to its end. The report must name every record that is still here
 * when the program has ended: a process that was killed, one that executed a program in which the
 * tracer never started, a snapshot that could not be written.
 *
 * It also carries snapshots. A process that has changed its root, its user or its mount namespace,
 * or that may not create files, still has this memory: it was mapped when the tracer started, and
 * writing to it needs no path and no descriptor.
 *
 * The command makes the memory with memfd_create(2), sealed against changes of its size, and an
 * environment variable (ROSTER_VARIABLE) says how to get it. A process takes a record by one
 * compare-and-swap and gives it back when it has ended well, so the table need only hold as many
 * records as processes run at once. Any process of the run may write anything here, also one that
 * has dropped its privileges, so the reader must not trust any offset or text.
 *
 * Everything here is async-signal-safe and works in a vfork child.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "PID/FD/NAME/TOKEN": the descriptor FD of process PID is the memory. If that can't be opened, the
 * abstract socket NAME (unix(7)) sends the descriptor to any process that knows the TOKEN. */
#define ROSTER_VARIABLE "FDTRAIL_RUN"
#define ROSTER_NAME     "fdtrail" /* the memory's name: memfd_create(2) */

enum {
	ROSTER_RECORDS = 4096,
	ROSTER_TOKEN = 32, /* hexadecimal digits */
	ROSTER_TEXT =
		1 << 26, /* bytes for snapshots, of all processes; costs memory only when used */
};

enum roster_state {
	ROSTER_FREE,
	ROSTER_TAKEN,     /* its process is filling it in */
	ROSTER_RUNNING,   /* the tracer has started, and the process has not ended */
	ROSTER_EXECUTING, /* exec or posix_spawn was called; the tracer has not started in the new
			     program */
	ROSTER_ENDED,     /* ended with something to report: a text, an error or a reason */
};

/* Why the tracer doesn't start in a program. */
enum roster_reason {
	ROSTER_NO_REASON,
	ROSTER_STATIC,     /* it has no loader */
	ROSTER_GO,         /* it makes its own system calls */
	ROSTER_CLEARED,    /* LD_PRELOAD isn't in its environment */
	ROSTER_LEFT_OUT,   /* FDTRAIL_ONLY doesn't include it */
	ROSTER_PRIVILEGED, /* set-user-ID, set-group-ID or with file capabilities: ld.so(8),
			      secure-execution mode */
};

struct roster_record {
	_Atomic uint64_t
		whose; /* low half: process id in its own PID namespace, 0: about to be spawned by
			* parent; high half: how often the record has been taken */
	_Atomic uint32_t state;
	int32_t parent;  /* the parent of a process that is about to be spawned; else 0 */
	uint32_t reason; /* enum roster_reason */
	uint32_t unused;
	uint64_t pid_namespace; /* inode number of /proc/self/ns/pid; 0: not known */
	uint64_t since_ms;      /* CLOCK_BOOTTIME, when the record was taken */
	_Atomic uint64_t first; /* offset of the first piece of text; 0: none */
	_Atomic uint64_t last;  /* offset of the last piece */
	int32_t error;          /* errno if a snapshot could not be written at all; else 0 */
	int32_t file_error;     /* errno if its file failed, so that it is here as text; else 0 */
	char program[32];       /* the process' short name; ends in NUL */
	char file[96];          /* the program that it executes; ends in NUL */
};

/* A piece of a snapshot's text. */
struct roster_piece {
	_Atomic uint64_t
		next;    /* offset of the next one, which is larger than this one's; 0: none yet */
	uint64_t length; /* bytes that follow */
};

struct roster_header {
	char magic[8];
	char token[ROSTER_TOKEN];
	_Atomic uint64_t next_text; /* where the next piece begins */
	_Atomic uint32_t end;       /* records from here on have never been taken */
	_Atomic uint32_t lost;      /* number of processes for which no record was free */
	struct roster_record records[ROSTER_RECORDS];
};

#define ROSTER_MAGIC "fdtrail1"

/* 64-bit and 32-bit programs and the command share the memory, so its layout is the same for all,
 * without padding. */
_Static_assert(sizeof(struct roster_record) == 192 &&
		       offsetof(struct roster_record, pid_namespace) == 24 &&
		       offsetof(struct roster_record, first) == 40 &&
		       offsetof(struct roster_record, error) == 56 &&
		       offsetof(struct roster_record, program) == 64 &&
		       offsetof(struct roster_record, file) == 96,
	       "records lie side by side in shared memory");
_Static_assert(offsetof(struct roster_header, next_text) == 8 + ROSTER_TOKEN &&
		       offsetof(struct roster_header, records) == 8 + ROSTER_TOKEN + 16 &&
		       offsetof(struct roster_header, records) % 8 == 0,
	       "the records' words are aligned");
_Static_assert(sizeof(struct roster_piece) == 16, "a piece begins at a multiple of 16");
_Static_assert(sizeof(ROSTER_MAGIC) - 1 == sizeof(((struct roster_header *)0)->magic),
	       "the magic fills its place");
/* The part that is always mapped: the header with the records. The text follows it. */
#define ROSTER_FIXED ((sizeof(struct roster_header) + 4095) / 4096 * 4096)
#define ROSTER_SIZE  (ROSTER_FIXED + ROSTER_TEXT)

_Static_assert(ROSTER_FIXED % 4096 == 0 && ROSTER_FIXED % 16 == 0, "text begins on a page");

static inline int roster_pid(const struct roster_record *record)
{
	return (int)(uint32_t)atomic_load(&record->whose);
}

/* The number of records that have been taken so far. To look at more of them costs memory. */
static inline uint32_t roster_end(const struct roster_header *roster)
{
	uint32_t end = atomic_load(&roster->end);

	return end < ROSTER_RECORDS ? end : ROSTER_RECORDS;
}

/* Maps the file fd, which stays open and stays the caller's, if it is a roster with this token;
 * else returns NULL. */
struct roster_header *roster_map(int fd, const char token[ROSTER_TOKEN]);
void roster_unmap(struct roster_header *roster);

/* Takes a record for process pid and puts it into this state. Returns NULL, and counts the process
 * as lost, if all records are taken. program and file may be NULL; of a long file name the end is
 * kept. */
struct roster_record *roster_take(struct roster_header *roster, enum roster_state state, int pid,
				  int parent, uint64_t pid_namespace, const char *program,
				  const char *file, enum roster_reason reason);

/* Gives a record back if its `whose` is still this; NULL is accepted. */
void roster_free(struct roster_record *record, uint64_t whose);

/* Enters the process id of a spawned process, if the record's `whose` is still this. */
void roster_spawned(struct roster_record *record, uint64_t whose, int pid);

/* To be called when the tracer has started in process pid. A record that says that this process, or
 * an unnamed child of parent, is executing a program is done with: it is given back, or ends if it
 * holds text. */
void roster_arrived(struct roster_header *roster, int pid, int parent, uint64_t pid_namespace);

/* The process of this record has ended or is about to. error: the errno if its snapshot could be
 * written nowhere, else 0. A record with nothing to report is given back. */
void roster_ended(struct roster_record *record, int error);

/* Appends text to the record's. Returns 0 or a positive errno: ENOSPC if no room is left, or that
 * of mremap(2). */
int roster_write(struct roster_header *roster, struct roster_record *record, const void *bytes,
		 size_t size);

/* The inode number of the calling process' PID namespace; 0: not known. */
uint64_t roster_pid_namespace(void);
