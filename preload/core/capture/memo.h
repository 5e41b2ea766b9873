// SPDX-License-Identifier: MIT
/*
 * The memo in front of the unwinder. A walk is a function of the registers it began with and of the
 * words it read, so a walk that finds the same registers and the same words ends in the same stack:
 * the memo keeps each walk's reads in their order and next time only compares. The address of each
 * read follows from what was already found equal, so it always lies inside live frames; reads that
 * went through a frame pointer without unwind data are held against proven bounds first.
 *
 * It is a tree of reads whose leaves are stack ids: runs of reads, and a branch where a word may
 * differ. Written under the capture lock, each piece once; read by all threads without a lock.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/arena.h"
#include "unwinder.h"

struct memo_table;
struct memo_run;

enum { MEMO_RECENT = 64 };

struct memo {
	/* Beginnings by the last bits of their return address, of those with the same the latest:
	 * one load instead of two on the way to a hot stack. */
	_Atomic(struct memo_run *) recent[MEMO_RECENT];
	_Atomic(struct memo_table *) table; /* never NULL after init */
	struct memo_table *nothing;         /* has no room, and so stays empty */
	struct arena arena;                 /* bounded: see memo_init */
};

_Static_assert(MEMO_RECENT == 1 << 6, "memo_recent folds a return address by 6 bits");

/* The part of this thread's stack that is known to be mapped, for the reads that need a check. */
struct stack_bounds {
	uintptr_t low, high;
};

/* Prepares an empty memo. False: no memory. */
bool memo_init(struct memo *memo);

/* Keeps a repeatable walk that ended in stack. Callers hold the capture lock. */
void memo_keep(struct memo *memo, const struct walk *walk, struct captured stack);

/* Begins a new generation: nothing is known any more, and the memory of what was is not used again.
 * Callers hold the capture lock. */
void memo_forget(struct memo *memo);

/* Forgets the stacks that gone() names, ids of the stack table: code that they lead through is not
 * there any more. Their memory is used again when it comes back to the same place. Callers hold the
 * capture lock. */
void memo_forget_stacks(struct memo *memo, bool (*gone)(void *data, uint32_t stack), void *data);
