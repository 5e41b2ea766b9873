// SPDX-License-Identifier: MIT
/*
 * A snapshot of a running process, by the best way that there is: a traced one is asked for its
 * own, with stacks; any other is looked at from outside (outside_snapshot.h). Used by `fdtrail
 * snapshot` and `fdtrail check --pid`.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct obtained {
	FILE *text;   /* the snapshot, to be read from its beginning; reader_create takes it */
	bool traced;  /* it is the tracer's own, with stacks */
	bool partial; /* threads have tables of their own, which are not in it: a line says so */
};

/* Takes a snapshot of process pid. Returns 0, and the caller closes text; or a negative errno after
 * one line on stderr that begins with "fdtrail VERB: " has said what is wrong. */
int obtain_snapshot(struct obtained *obtained, int pid, const char *verb);

/* The same, but always from outside: a traced program is not asked, and not disturbed. */
int obtain_outside(struct obtained *obtained, int pid, const char *verb);
