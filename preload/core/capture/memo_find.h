// SPDX-License-Identifier: MIT
/*
 * The memo's data, and the search for a stack. The search is inline, because with
 * preload/core/ledger/slot.h it is most of the tracer's cost. That cost is loads that wait for
 * other loads, after a system call that has left little of our data in the nearest cache. So the
 * search goes from the return address to its run, then loads all the reads side by side, and at one
 * that differs goes straight on to the run for that value.
 *
 * For capture.c, memo.c and the runtime's usual path; memo.h describes the functions.
 */
#pragma once

#include <string.h>

#include "memo.h"

enum {
	MEMO_BLOCK = 4, /* number of reads that are compared at a time */
	MEMO_NEAR = 2,  /* most branches of a run that are tried one by one before the table is */
};

struct frame_words;
struct memo_pairs;

struct memo_read {
	uint64_t value; /* relative to sp with READ_RELATIVE */
	int32_t offset; /* from sp */
	uint32_t flags; /* READ_* */
};

/* A run: reads that follow each other, after the word that leads here. That word is a return
 * address that stacks begin with, or a value found at a read of another run in place of the one
 * there. Once a run is visible, only branches, figures and stack change. */
struct memo_run {
	uint64_t value;
	const struct memo_read *from;            /* the other run's read; NULL: a beginning */
	_Atomic(struct memo_run *) branches;     /* the latest run that begins at a read of this
						  * one */
	struct memo_run *sibling;                /* the next older one */
	_Atomic(struct stack_figures *) figures; /* those of stack */
	_Atomic uint32_t stack;                  /* the walk's result; STACK_NONE: its code is
						  * gone */
	int32_t reach;                           /* no read's word ends further above sp */
	_Atomic(struct frame_words *) words;     /* frames of a language; NULL: there are none */
	const struct memo_pairs *pairs;          /* in memo.c: the reads once more; or NULL */
	uint32_t count : 30;
	uint32_t plain : 1;       /* all reads are words that don't depend on the stack's address */
	uint32_t relative : 1;    /* value is relative to sp */
	struct memo_read reads[]; /* the last one is repeated to fill the MEMO_BLOCK */
};

_Static_assert(sizeof(struct memo_read) == 16, "four reads to a cache line");
_Static_assert((MEMO_BLOCK & (MEMO_BLOCK - 1)) == 0 && WALK_READS + MEMO_BLOCK < 1 << 30,
	       "a run's count has 30 bits");

/* All runs, by the place that they continue. */
struct memo_table {
	uint64_t mask;
	uint64_t count;
	_Atomic(struct memo_run *) slots[];
};

static inline uint64_t memo_hash(const struct memo_read *from, uint64_t value, bool relative)
{
	uint64_t h = ((uintptr_t)from / sizeof(*from) ^ value ^ (uint64_t)relative << 62) *
		     0x9e3779b97f4a7c15ULL;

	return h >> 32;
}

/* The run for value found at from, or NULL. */
static inline struct memo_run *memo_seek(const struct memo_table *table,
					 const struct memo_read *from, uint64_t value,
					 bool relative)
{
	for (uint64_t at = memo_hash(from, value, relative);; at++) {
		struct memo_run *run =
			atomic_load_explicit(&table->slots[at & table->mask], memory_order_acquire);

		if (!run || (run->value == value && run->from == from && run->relative == relative))
			return run;
	}
}

static inline uint64_t memo_word_at(uintptr_t sp, const struct memo_read *read)
{
	uint64_t word;

	memcpy(&word, (const char *)sp + read->offset, sizeof(word));
	return word;
}

/* Returns the first read of a plain run whose word differs, and stores that word; NULL: all are
 * equal. The order is that of the walk, because an address is valid only if all words before it
 * were equal. */
static inline const struct memo_read *memo_plain_other(const struct memo_run *run, uintptr_t sp,
						       uint64_t *word)
{
	const struct memo_read *read = run->reads, *end = read + run->count;

	for (; read < end; read += MEMO_BLOCK) {
#ifdef __clang__ /* version 11 doesn't know gcc's word */
#pragma unroll 4
#else
#pragma GCC unroll 4
#endif
		for (int i = 0; i < MEMO_BLOCK; i++) {
			*word = memo_word_at(sp, &read[i]);
			if (__builtin_expect(*word != read[i].value, 0))
				return &read[i];
		}
	}
	return NULL;
}

/* In memo.c: the same for a run that isn't plain. If a read isn't possible, returns a read that no
 * run begins at. */
const struct memo_read *memo_other(const struct memo_run *run, uintptr_t sp, uintptr_t fp,
				   struct stack_bounds *bounds, uint64_t *word);

/* In memo.c: the run that stacks with this return address begin with, or NULL. */
struct memo_run *memo_begin_far(const struct memo *memo, uint64_t pc);

static inline size_t memo_recent(uint64_t pc)
{
	return (pc ^ pc >> 6) % MEMO_RECENT;
}

/* In memo.c: memo_branch for runs with more branches than MEMO_NEAR. */
struct memo_run *memo_branch_far(const struct memo *memo, const struct memo_read *read,
				 uint64_t word, uintptr_t sp);

/* The run for word, found at this read of run in place of its value; NULL: there is none. A word
 * that may be an address on the stack has been kept relative to sp or, if it was code above a
 * thread's stack, as it is; either match is right. */
static inline struct memo_run *memo_branch(const struct memo *memo, const struct memo_run *run,
					   const struct memo_read *read, uint64_t word,
					   uintptr_t sp)
{
	struct memo_run *branch = atomic_load_explicit(&run->branches, memory_order_acquire);

	for (int looked = 0; branch; branch = branch->sibling) {
		if (branch->from == read && branch->value == (branch->relative ? word - sp : word))
			return branch;
		if (++looked == MEMO_NEAR)
			return memo_branch_far(memo, read, word, sp);
	}
	return NULL;
}

static inline struct captured memo_end(const struct memo_run *run)
{
	uint32_t stack = atomic_load_explicit(&run->stack, memory_order_acquire);

	return (struct captured){stack, atomic_load_explicit(&run->figures, memory_order_relaxed)};
}

/* The last run of the reads of the stack with these registers, or NULL if no earlier walk is equal.
 * Reads the calling thread's stack above registers.sp. Async-signal-safe, any thread, no lock. */
static inline __attribute__((always_inline)) const struct memo_run *
memo_search(const struct memo *memo, struct registers registers, struct stack_bounds *bounds)
{
	const struct memo_run *run = atomic_load_explicit(&memo->recent[memo_recent(registers.pc)],
							  memory_order_acquire);
	uintptr_t sp = registers.sp;

	if (__builtin_expect(!run || run->value != registers.pc, 0))
		run = memo_begin_far(memo, registers.pc);
	while (run) {
		const struct memo_read *other;
		uint64_t word = 0;

		if (__builtin_expect(run->plain, 1)) {
			other = memo_plain_other(run, sp, &word);
		} else {
			uint64_t found = 0; /* so that word can stay in a register */

			other = memo_other(run, sp, registers.fp, bounds, &found);
			word = found;
		}
		if (!other)
			break;
		run = memo_branch(memo, run, other, word, sp);
	}
	return run;
}

/* The stack with these registers, or STACK_NONE. */
static inline __attribute__((always_inline)) struct captured
memo_find(const struct memo *memo, struct registers registers, struct stack_bounds *bounds)
{
	const struct memo_run *run = memo_search(memo, registers, bounds);

	return run ? memo_end(run) : (struct captured){.stack = STACK_NONE};
}
