// SPDX-License-Identifier: MIT
/*
 * The second memo, for stacks with frames of a language: from the native stack's id and the
 * language's frames to the id of the merged stack. All words are compared, so a stack that it finds
 * is the right one. Readers take no lock; one writer at a time, under the capture lock.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/arena.h"
#include "preload/core/ledger/stack_table.h"
#include "interpreter.h"

struct mixed_table;

enum { MIXED_RECENT = 256 };

/* A merged stack, and where it is found. */
struct mixed_entry {
	uint64_t hash;
	struct captured merged;
	uint32_t native;
	int count;
	bool one_language; /* all frames are of one, but for LANGUAGE_ASKED */
	struct language_frame frames[];
};

struct mixed_memo {
	_Atomic(struct mixed_table *) table; /* NULL: nothing is known */
	/* The latest entry of each native stack. */
	_Atomic(const struct mixed_entry *) recent[MIXED_RECENT];
	struct arena arena; /* bounded */
};

/* Prepares an empty memo. */
void mixed_memo_init(struct mixed_memo *memo);

/* The entry of this native stack that was found last, or NULL. */
static inline const struct mixed_entry *mixed_memo_recent(const struct mixed_memo *memo,
							  uint32_t native)
{
	const struct mixed_entry *entry =
		atomic_load_explicit(&memo->recent[native % MIXED_RECENT], memory_order_acquire);

	return entry && entry->native == native ? entry : NULL;
}

/* The merged stack of this native stack and these frames; STACK_NONE: not known. Async-signal-safe,
 * any thread, no lock. */
struct captured mixed_memo_find(struct mixed_memo *memo, uint32_t native,
				const struct language_frame *frames, int count);

/* Keeps a merged stack that mixed_memo_find does not know, unless there is no memory. The caller
 * must hold the capture lock. */
void mixed_memo_keep(struct mixed_memo *memo, uint32_t native, const struct language_frame *frames,
		     int count, struct captured merged);

/* Forgets everything. The caller must hold the capture lock. */
void mixed_memo_forget(struct mixed_memo *memo);
