// SPDX-License-Identifier: MIT
/*
 * The names of the threads that opened descriptors, as the kernel has them now. A snapshot with
 * thousands of descriptors names few threads: what was read is kept for the rest of the snapshot.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "writer.h"

enum { THREAD_NAMES_KEPT = 256, THREAD_NAME_SIZE = 64 };

struct thread_names {
	int pid; /* of the process whose threads they are; 0: /proc does not tell of it */
	struct {
		uint32_t thread; /* 0: unused place */
		enum { THREAD_NOT_KNOWN, THREAD_ENDED, THREAD_RUNS } state;
		uint8_t length;
		char name[THREAD_NAME_SIZE];
	} kept[THREAD_NAMES_KEPT];
};

/* Puts "thread 4712 (worker-1)" or "thread 4712 ended"; "thread 4712" where /proc can't tell. */
void thread_names_put(struct thread_names *names, struct writer *writer, uint32_t thread);
