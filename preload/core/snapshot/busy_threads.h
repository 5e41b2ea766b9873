// SPDX-License-Identifier: MIT
/*
 * The threads that want a processor. The scheduler stops threads when a system call returns, so one
 * of them may stand between a real open's return and its record, and on a busy machine it may take
 * long until it goes on. Once it has run for a moment, or sleeps, or is in no hook that opens
 * something, its record is there. Called by unrecorded.c; reads /proc/PID/task.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BUSY_THREADS_KEPT = 64 }; /* if there are more, some are not waited for */

struct busy_threads {
	int pid;
	int (*opens)(int thread); /* snapshot.h, thread_opens; or NULL */
	size_t count, looked_at;
	struct {
		uint32_t thread;
		uint64_t ran_ns; /* time on a processor, until it was found */
	} threads[BUSY_THREADS_KEPT];
};

/* Finds the threads of process pid that are runnable now and may be in a hook that opens something,
 * without the calling one. Async-signal-safe. */
void busy_threads_find(struct busy_threads *busy, int pid, int (*opens)(int thread));

/* Drops those that have run for a moment since, sleep now, have ended, or have left their hook.
 * True: some are left. */
bool busy_threads_left(struct busy_threads *busy);

/* Whether one of those that are left is in a hook that opens something, for certain. */
bool busy_threads_open(const struct busy_threads *busy);
