// SPDX-License-Identifier: MIT
/*
 * The records that the child process sends to worker.c over a pipe. A record is the size of the
 * rest, a letter, and its parts: numbers of four bytes, and strings, which are their size plus one
 * (0 for NULL) and their bytes. The child has read an untrusted file, so the receiver checks every
 * size.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "demangle.h"
#include "worker.h"

enum {
	STRING_MAX = DEMANGLE_TEXT_MAX, /* longer names are cut, and end in "..." */
	LOCATIONS_MAX = 128,            /* of one address */
	RECORD_MAX = 4 << 20,
	TOTAL_MAX = 256 << 20,
	WAITING_MS = 200,
	STATUS_INTERRUPTED = 3, /* the child's exit status after a signal asked it to end */
};

enum record {
	RECORD_STEP = 'P',    /* a string: what the child is doing */
	RECORD_SOURCE = 'S',  /* a number: the source that is tried from now on */
	RECORD_ANSWER = 'A',  /* numbers: index, count; then the locations */
	RECORD_TROUBLE = 'T', /* a string */
	RECORD_DONE = 'D',    /* the last one */
};

/* The records that the parent has received so far. */
struct worker_reading {
	const struct worker_request *request;
	bool *answered; /* by index of the request's addresses */
	size_t source;  /* the source that the child is trying */
	bool done;
	bool nonsense; /* the child sent an invalid record */
	char *trouble; /* MODULE_TROUBLE_SIZE bytes */
	char *step;    /* on the heap; or NULL */
};

/* Processes the whole records at the beginning of bytes: calls the request's found() for each
 * answer. Returns their size; -1: a record is invalid. */
ssize_t worker_take_records(struct worker_reading *reading, const char *bytes, size_t size);

/* The child's buffer for an answer. All zero is an empty one; bytes is on the heap. */
struct answer {
	char *bytes;
	size_t size, room;
	uint32_t count; /* of locations */
};

/* The child: looks up the addresses that are not answered, in the sources from first on, and writes
 * the answers to fd. parent: the process id of the parent. */
_Noreturn void worker_child(const struct worker_request *request, size_t first, bool *answered,
			    int fd, pid_t parent);
