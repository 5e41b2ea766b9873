// SPDX-License-Identifier: MIT
/*
 * The stack that last used each descriptor (read it, wrote to it, ...): for descriptors that were
 * open before `fdtrail attach` came, which have no opening stack, or for all (FDTRAIL_USED_BY). One
 * word for each number. It holds the number's sequence, too, so that it says nothing about a later
 * descriptor with the same number.
 *
 * A use costs a search in the memo, some 15 ns. Taking only some of them, one a second, would be
 * cheaper, and wrong: a request and its answer come at once, and then nothing for hours.
 *
 * Uses count nowhere else: not among the opens and closes of a stack, and not among its closers.
 * All functions but start and release are async-signal-safe, for any thread.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum use_mode {
	USES_OFF,
	USES_BEFORE, /* of descriptors that use_table_follow was called for */
	USES_ALL,
};

enum {
	USE_NUMBERS = 1 << 20, /* descriptors with higher numbers have no word */
	USE_STACKS = 1 << 15,  /* walks for stacks that nothing else has had */
};

struct use_table {
	_Atomic(_Atomic uint64_t *) words; /* NULL until the first start */
	_Atomic uint32_t mode;             /* enum use_mode */
	_Atomic uint32_t walks;            /* at most USE_STACKS, because stacks are never freed */
	_Atomic uint64_t dropped;          /* uses whose stack could not be kept */
};

/* A word: stack 20, none 20, sequence 23 bits, and the bit that has the number followed. */
enum { USE_SEQUENCE = 40, USE_FOLLOWED = 63 };

/* Begins to record, with an empty table. False: there is no memory. */
bool use_table_start(struct use_table *table, enum use_mode mode);
void use_table_release(struct use_table *table);

/* Forgets all uses, but not which numbers are followed: those of a forked process' parent say
 * nothing about the process itself. end: one past the highest number in use. */
void use_table_forget(struct use_table *table, int end);

/* The uses of the descriptor fd are to be recorded, until the number is opened again. sequence:
 * ledger_times_recorded, here and below. */
void use_table_follow(struct use_table *table, int fd, uint32_t sequence);

/* The stack that last used the descriptor; STACK_NONE: not known. */
uint32_t use_table_stack(const struct use_table *table, int fd, uint32_t sequence);

static inline _Atomic uint64_t *use_table_word(const struct use_table *table, int fd)
{
	_Atomic uint64_t *words = atomic_load_explicit(&table->words, memory_order_acquire);

	return words && (unsigned int)fd < USE_NUMBERS ? &words[fd] : NULL;
}

/* Whether a use of fd may have to be recorded. Each read(2) and its like may ask this. */
static inline bool use_table_wants(const struct use_table *table, int fd)
{
	const _Atomic uint64_t *word = use_table_word(table, fd);

	return word && (atomic_load_explicit(word, memory_order_relaxed) >> USE_FOLLOWED ||
			atomic_load_explicit(&table->mode, memory_order_relaxed) == USES_ALL);
}

/* The same, exactly: a followed number that belongs to another descriptor by now is no longer
 * followed. */
bool use_table_follows(struct use_table *table, int fd, uint32_t sequence);

/* Stores the stack of a use. */
void use_table_store(struct use_table *table, int fd, uint32_t sequence, uint32_t stack);
