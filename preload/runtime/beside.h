// SPDX-License-Identifier: MIT
/*
 * A second helper process, for the moment in which the first one asks the kernel about thousands of
 * descriptors: that is most of the time for which the program's thread stands still. It shares the
 * first one's memory and its copy of the descriptor table, and runs on another processor. Used by
 * trigger.c alone, in the helper, which waits for it; raw system calls only.
 */
#pragma once

#include <stdbool.h>

struct beside {
	void (*work)(void *data);
	void *data;
	char *stack;
	int pid;
	bool done;
};

/* Starts work(data), which needs 32 KiB of stack at most, and returns at once. False: the work is
 * not begun, because there is one processor, or the kernel or a seccomp filter allows no process.
 */
bool beside_begin(struct beside *beside, void (*work)(void *data), void *data);

/* Waits until the process has ended. False: it has ended before the work was done. */
bool beside_end(struct beside *beside);
