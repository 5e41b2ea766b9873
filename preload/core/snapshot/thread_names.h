// SPDX-License-Identifier: MIT
/*
 * The current names of the threads that opened descriptors. A snapshot with thousands of
 * descriptors names few threads, so the names are kept until its end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "writer.h"

enum { THREAD_NAMES_KEPT = 256, THREAD_NAME_SIZE = 64 };

struct thread_names {
	int pid; /* the threads' process; 0: not in /proc under its number */
	struct {
		uint32_t thread; /* 0: unused place */
		enum { THREAD_NOT_KNOWN, THREAD_ENDED, THREAD_RUNS } state;
		uint8_t length;
		char name[THREAD_NAME_SIZE];
	} kept[THREAD_NAMES_KEPT];
};

/* Writes "thread 4712 (worker-1)" or "thread 4712 ended"; "thread 4712" if /proc can't tell.
 * Async-signal-safe. */
void thread_names_put(struct thread_names *names, struct writer *writer, uint32_t thread);
