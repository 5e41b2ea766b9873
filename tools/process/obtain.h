// SPDX-License-Identifier: MIT
/*
 * Gets a snapshot of a running process, in the best way available. A traced process is asked for
 * its own, with stacks; any other is inspected from outside (outside_snapshot.h). Used by `fdtrail
 * snapshot` and `fdtrail check --pid`.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct obtained {
	FILE *text;   /* the snapshot, at its beginning, for reader_create */
	bool traced;  /* the tracer wrote it, with stacks */
	bool partial; /* threads have tables of their own, which are not in it; a line on stderr
		       * said so */
};

/* Takes a snapshot of process pid. Returns 0, and the caller closes text; or a negative errno,
 * after printing one line to stderr that begins with "fdtrail VERB: " and says what is wrong. */
int obtain_snapshot(struct obtained *obtained, int pid, const char *verb);

/* The same, but always from outside: a traced program is neither asked nor disturbed. */
int obtain_outside(struct obtained *obtained, int pid, const char *verb);

/* Prints a line if the snapshot of process pid, which a traced process has written, has another
 * number for it, because that is in another PID namespace. */
void obtained_say_number(int pid, const char *verb);
