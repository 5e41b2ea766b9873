// SPDX-License-Identifier: MIT
/*
 * The roster of one `fdtrail run`: memory that the command and every traced process share. It
 * answers the question that files can't: was there a process that ended without a word? Each traced
 * process has a record here from its start to its end. What is still in the roster when the program
 * has ended is what the report must name: a process that was killed, one that executed a program in
 * which the tracer never started, a snapshot that could not be written.
 *
 * It also carries snapshots. A process that has changed its root, its user or its mount namespace,
 * or that may create no file, still has this memory: it was mapped when the tracer started, and no
 * path or descriptor is needed to write to it.
 *
 * The command makes the memory with memfd_create(2), sealed against changes of its size, and tells
 * in the environment (ROSTER_VARIABLE) how to get it. A process takes a record by one
 * compare-and-swap and gives it back when it has ended well, so the table need only be as large as
 * the number of processes that run at once. Any process of the run may write anything here, also
 * one that has given up its rights: the reader must believe no offset and no text.
 *
 * Everything here is async-signal-safe and works in a vfork child.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "PID/FD/NAME/TOKEN": the descriptor FD of process PID is the memory; where that can't be opened,
 * the abstract socket NAME sends it to anyone who knows the TOKEN (unix(7)). */
#define ROSTER_VARIABLE "FDTRAIL_RUN"
#define ROSTER_NAME     "fdtrail" /* of the memory: memfd_create(2) */

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
	ROSTER_ENDED,     /* and there is something to tell: a text, an error, or a reason */
};

/* Why the tracer sees nothing of a program. */
enum roster_reason {
	ROSTER_NO_REASON,
	ROSTER_STATIC,     /* it has no loader */
	ROSTER_GO,         /* it makes its own system calls */
	ROSTER_CLEARED,    /* LD_PRELOAD was not handed on */
	ROSTER_LEFT_OUT,   /* nobody wants to hear of it: FDTRAIL_ONLY */
	ROSTER_PRIVILEGED, /* set-user-ID, set-group-ID or with file capabilities: ld.so(8),
			      secure-execution mode */
};

struct roster_record {
	_Atomic uint64_t
		whose; /* low half: process id in its own PID namespace, 0: about to be spawned by
			* parent; high half: how often the record has been taken */
	_Atomic uint32_t state;
	int32_t parent;  /* of a process that is about to be spawned; else 0 */
	uint32_t reason; /* enum roster_reason */
	uint32_t unused;
	uint64_t pid_namespace; /* inode number of /proc/self/ns/pid; 0: not known */
	uint64_t since_ms;      /* CLOCK_BOOTTIME, when the record was taken */
	_Atomic uint64_t first; /* offset of the first piece of text; 0: none */
	_Atomic uint64_t last;  /* of the last one */
	int32_t error; /* errno of what kept a snapshot from being written at all; 0: nothing */
	int32_t file_error; /* errno of what kept it out of its file; it is here as text */
	char program[32];   /* the process' short name; ends in NUL */
	char file[96];      /* the program that it executes; ends in NUL */
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
	_Atomic uint32_t lost;      /* processes for which there was none */
	struct roster_record records[ROSTER_RECORDS];
};

#define ROSTER_MAGIC "fdtrail1"

/* Programs of 64 and of other bits share it, and the command: one layout, without padding. */
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
/* Mapped all the time: the header with the records. Then follows text. */
#define ROSTER_FIXED ((sizeof(struct roster_header) + 4095) / 4096 * 4096)
#define ROSTER_SIZE  (ROSTER_FIXED + ROSTER_TEXT)

_Static_assert(ROSTER_FIXED % 4096 == 0 && ROSTER_FIXED % 16 == 0, "text begins on a page");

static inline int roster_pid(const struct roster_record *record)
{
	return (int)(uint32_t)atomic_load(&record->whose);
}

/* Maps the file fd, which stays open, if it is a roster with this token; else NULL. */
struct roster_header *roster_map(int fd, const char token[ROSTER_TOKEN]);
void roster_unmap(struct roster_header *roster);

/* Takes a record for process pid and leaves it in this state; NULL: all are taken, which is
 * counted. */
struct roster_record *roster_take(struct roster_header *roster, enum roster_state state, int pid,
				  int parent, uint64_t pid_namespace, const char *program,
				  const char *file, enum roster_reason reason);

/* Gives a record back, if it is still that of whose; NULL is accepted. */
void roster_free(struct roster_record *record, uint64_t whose);

/* The spawned process has a number now, if the record is still that of whose. */
void roster_spawned(struct roster_record *record, uint64_t whose, int pid);

/* The tracer has started in process pid, whose parent is given. The record that says that this
 * process is executing a program has become true, and is given back unless it holds text. */
void roster_arrived(struct roster_header *roster, int pid, int parent, uint64_t pid_namespace);

/* The process of this record has ended, or is about to. error: an errno when its snapshot could be
 * written nowhere; 0. A record that has nothing to tell is given back. */
void roster_ended(struct roster_record *record, int error);

/* Adds text to what the record has. 0, or an errno: ENOSPC when there is no room left, or that of
 * mremap(2). */
int roster_write(struct roster_header *roster, struct roster_record *record, const void *bytes,
		 size_t size);

/* The inode number of the calling process' PID namespace; 0: not known. */
uint64_t roster_pid_namespace(void);
