// SPDX-License-Identifier: MIT
/*
 * The stacks that closed the descriptors of an opening stack: pairs of an opening and a closing
 * stack, each with a count. They show where a leak's siblings are closed; the leaking path lacks
 * one of these closes. The first closing stack of an opening stack is counted in the opening
 * stack's own figures, which a close changes anyway; the others are in one table, which is bounded.
 *
 * No lock: a pair is claimed by one exchange of its key, and stays until a fork. Adding and listing
 * are async-signal-safe, for any thread.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	CLOSER_PAIRS = 1 << 14,             /* places of the table */
	CLOSER_MOST = CLOSER_PAIRS / 8 * 7, /* pairs that it holds */
	CLOSER_STACKS = 1 << 15,            /* walks for closing stacks that no open has had */
	CLOSER_COUNT = 20,                  /* the bit where the count of struct closers begins */
};

/* In the figures of an opening stack (stack_table.h). */
struct closers {
	_Atomic uint64_t first;    /* the first closing stack, and its count from CLOSER_COUNT on */
	_Atomic uint32_t more;     /* the latest of its pairs in the table, plus 1; 0: none */
	_Atomic uint32_t untraced; /* closed by calls that no hook has seen */
	_Atomic uint32_t unknown;  /* the closing stack is not known, or the table was full */
};

struct closer_pair {
	_Atomic uint64_t key; /* the opening and the closing stack; 0: a free place */
	_Atomic uint64_t count;
	_Atomic uint32_t next; /* the next older pair of the opening stack, as in struct closers */
};

struct closer_table {
	struct closer_pair *pairs; /* NULL until the first start */
	_Atomic bool on;           /* closing stacks are recorded */
	_Atomic uint32_t count;
	_Atomic uint32_t walks;   /* at most CLOSER_STACKS, because stacks are never freed */
	_Atomic uint64_t dropped; /* closes whose stack had no room */
};

/* Begins to record closing stacks; false: there is no memory. Or no longer records them; other
 * threads may still be counting. */
bool closer_table_start(struct closer_table *table);
void closer_table_stop(struct closer_table *table);

void closer_table_release(struct closer_table *table);

/* Copies the contents of from into an empty table. False: there is no memory. */
bool closer_table_copy(struct closer_table *table, const struct closer_table *from);

/* Removes all pairs, because the counts of all stacks start again. */
void closer_table_reset(struct closer_table *table);
void closers_reset(struct closers *closers);

/* Counts a close by this closing stack. opened: the opening stack, whose figures have closers. */
void closer_table_add(struct closer_table *table, struct closers *closers, uint32_t opened,
		      uint32_t closed);

/* A closing stack of an opening stack, and how many descriptors it has closed. */
struct closer {
	uint32_t stack;
	uint64_t count;
};

/* Stores the most frequent closing stacks of an opening stack in list, at most room, the most
 * frequent first. *others counts the closes of those that have no room, *other_stacks these stacks.
 * Returns the number stored. */
uint32_t closer_table_list(const struct closer_table *table, const struct closers *closers,
			   uint32_t opened, struct closer *list, uint32_t room, uint64_t *others,
			   uint32_t *other_stacks);
