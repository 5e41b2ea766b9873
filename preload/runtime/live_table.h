// SPDX-License-Identifier: MIT
/*
 * Whether a number is open in the program now, for the helper process that takes a snapshot from a
 * frozen copy of the table. It usually reads /proc/PID/fd; but the kernel refuses that where the
 * program has changed its user (PR_SET_DUMPABLE in prctl(2)), and there may be no /proc. Then the
 * thread that waits for the helper answers, since it has the table itself. Used by trigger.c alone;
 * raw system calls only.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct live_table {
	_Atomic uint32_t
		state; /* the helper is cloned with CLONE_CHILD_CLEARTID and this as its word */
	int fd, answer;
	bool given_up;
};

/* Whether the thread has to answer: the helper could not look, and the two may talk. */
bool live_table_needed(void);

/* Before the helper is made. */
void live_table_begin(struct live_table *table);

/* In the thread: answers until process pid, the helper, has ended. */
void live_table_serve(struct live_table *table, int pid);

/* In the helper: 1, 0, or -1 when there was no answer. data is the struct live_table. */
int live_table_ask(int fd, void *data);
