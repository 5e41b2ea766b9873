// SPDX-License-Identifier: MIT
/*
 * Tells the helper process whether a descriptor is open in the program now. The helper takes the
 * snapshot from a frozen copy of the descriptor table, and usually looks in /proc/PID/fd for this.
 * But the kernel refuses that if the program has changed its user (PR_SET_DUMPABLE in prctl(2)),
 * and there may be no /proc. Then the thread that waits for the helper answers, because it has the
 * program's own table. Used by trigger.c alone. Makes raw system calls only.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct live_table {
	/* The kernel sets it to 0 when the helper ends: the helper's CLONE_CHILD_CLEARTID word. */
	_Atomic uint32_t state;
	int fd, answer; /* the question, and 1, 0 or -1 */
	bool given_up;  /* the thread has not answered in time once: don't ask again */
};

/* True if the thread has to answer, because the helper can't read /proc/PID/fd, and if no seccomp
 * filter forbids the two to talk by futex(2). */
bool live_table_needed(void);

/* Prepares table, before the helper is made. */
void live_table_begin(struct live_table *table);

/* In the thread: answers questions until process pid, the helper, has ended. */
void live_table_serve(struct live_table *table, int pid);

/* In the helper: 1 if fd is open in the program, 0 if not, -1 if there was no answer. data is the
 * struct live_table. */
int live_table_ask(int fd, void *data);
