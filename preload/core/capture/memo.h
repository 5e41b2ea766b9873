// SPDX-License-Identifier: MIT
/*
 * The memo saves most walks. A walk depends only on the registers it began with and on the words it
 * read, so a walk that finds the same registers and the same words ends in the same stack. The memo
 * keeps each walk's reads in their order, and next time only compares them. The address of each
 * read follows from the words already found equal, so it always lies inside live frames. Reads
 * through a frame pointer, without unwind data, are first checked against bounds that are known to
 * be mapped.
 *
 * The memo is a tree whose leaves are stack ids. It consists of runs of reads, with a branch at
 * each word that was found to differ. Each piece is written once, under the capture lock; all
 * threads read it without a lock.
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
	/* The latest beginning for each value of a return address's folded bits. It saves one of
	 * two loads on the way to a hot stack. */
	_Atomic(struct memo_run *) recent[MEMO_RECENT];
	_Atomic(struct memo_table *) table; /* never NULL after init */
	struct memo_table *nothing;         /* an empty table without room, for when memory is
					     * out */
	struct arena arena;                 /* bounded: see memo_init */
};

_Static_assert(MEMO_RECENT == 1 << 6, "memo_recent folds a return address by 6 bits");

/* The part of a thread's stack that is known to be mapped, for the reads that need a check. */
struct stack_bounds {
	uintptr_t low, high;
};

/* Prepares an empty memo. False: no memory. */
bool memo_init(struct memo *memo);

/* Keeps a walk that ended in stack, if it is repeatable. Returns the run in which memo_search ends
 * for it; NULL: it isn't kept. The caller must hold the capture lock. */
struct memo_run *memo_keep(struct memo *memo, const struct walk *walk, struct captured stack);

/* Forgets everything: begins a new generation. The memory of the old one is not used again. The
 * caller must hold the capture lock. */
void memo_forget(struct memo *memo);

/* Forgets the stacks for whose id gone(data, id) is true, because code that they lead through is no
 * longer mapped. Their memory is used again if the code comes back to the same place. The caller
 * must hold the capture lock. */
void memo_forget_stacks(struct memo *memo, bool (*gone)(void *data, uint32_t stack), void *data);
