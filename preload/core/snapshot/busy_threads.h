// SPDX-License-Identifier: MIT
/*
 * The threads that want a processor. One of them may have been taken off it between a real open's
 * return and the record of it: a system call's return is where the scheduler stops threads, and on
 * a busy machine it may take long until one goes on. Once it has had a processor for a moment, or
 * sleeps, what it has opened is recorded. Called by the census for what is open and not recorded;
 * reads /proc/PID/task.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BUSY_THREADS_KEPT = 64 }; /* of more than that some are not waited for */

struct busy_threads {
	int pid;
	size_t count, looked_at;
	struct {
		uint32_t thread;
		uint64_t ran_ns; /* time on a processor, until it was found */
	} threads[BUSY_THREADS_KEPT];
};

/* Finds the threads of process pid that are runnable now, but the calling one. Async-signal-safe.
 */
void busy_threads_find(struct busy_threads *busy, int pid);

/* Drops those that have run since, sleep now, or have ended. True: some are left. */
bool busy_threads_left(struct busy_threads *busy);
