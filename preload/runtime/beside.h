// SPDX-License-Identifier: MIT
/*
 * A second helper process, for the moment in which the first one asks the kernel about thousands of
 * descriptors: what takes the most of the time for which the program's thread stands still. It
 * shares the first one's memory and its copy of the descriptor table, runs on another processor,
 * and is waited for. Used by trigger.c alone, in the helper; raw system calls only.
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

/* Starts work(data), which needs 32 KiB of stack at most, and returns at once. beside: a struct
 * beside. False: it is not begun, since there is one processor, or the kernel or a seccomp filter
 * allows no process. */
bool beside_begin(void *beside, void (*work)(void *data), void *data);

/* Waits until the process has ended. False: it was ended before it was done. */
bool beside_end(void *beside);
