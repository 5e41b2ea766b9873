// SPDX-License-Identifier: MIT
/*
 * Between worker.c and the child process that it makes: records over a pipe. Each is the size of
 * what follows, a letter, and its parts: numbers of four bytes, and strings, which are their size
 * plus one (0 for NULL) and their bytes. The child has read the enemy's file: whoever takes records
 * checks every size.
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
	STATUS_INTERRUPTED = 3, /* the child's, when a signal asked it to end */
};

enum record {
	RECORD_STEP = 'P',    /* a string: what the child is doing */
	RECORD_SOURCE = 'S',  /* a number: the source that is asked from now on */
	RECORD_ANSWER = 'A',  /* numbers: index, count; then the locations */
	RECORD_TROUBLE = 'T', /* a string */
	RECORD_DONE = 'D',    /* the last one */
};

/* What the parent has taken so far. */
struct worker_reading {
	const struct worker_request *request;
	bool *answered; /* by index of the request's addresses */
	size_t source;  /* the one that is being asked */
	bool done;
	bool nonsense; /* the child sent what it should not have */
	char *trouble; /* MODULE_TROUBLE_SIZE bytes */
	char *step;    /* on the heap; or NULL */
};

/* Takes the whole records at the beginning of bytes: calls the request's found for each answer.
 * Returns their size; or -1: they make no sense. */
ssize_t worker_take_records(struct worker_reading *reading, const char *bytes, size_t size);

/* The child: answers as they are made. Zero is an empty one; bytes is on the heap. */
struct answer {
	char *bytes;
	size_t size, room;
	uint32_t count; /* of locations */
};

/* The child: asks the sources from first on for the addresses that are not answered, and writes
 * what it finds to fd. */
_Noreturn void worker_child(const struct worker_request *request, size_t first, bool *answered,
			    int fd, pid_t parent);
