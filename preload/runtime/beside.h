// SPDX-License-Identifier: MIT
/*
 * A second helper process for a snapshot of thousands of descriptors. Asking the kernel about each
 * of them takes most of the time for which the program's thread stands still, so the second process
 * asks about half of them, on another processor. It shares the first one's memory and its copy of
 * the descriptor table. Used by the helper process of trigger.c alone, which waits for it. Makes
 * raw system calls only.
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

/* Starts work(data), which may use 32 KiB of stack, in a second process, and returns at once.
 * *beside belongs to the caller, and must stay until beside_end. False: the work hasn't begun,
 * because there is only one processor, or no memory, or because the kernel or a seccomp filter
 * refuses the process. */
bool beside_begin(struct beside *beside, void (*work)(void *data), void *data);

/* Waits until the process has ended, and frees its stack. False: it ended with work left to do. */
bool beside_end(struct beside *beside);
