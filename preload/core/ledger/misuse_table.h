// SPDX-License-Identifier: MIT
/*
 * Wrong closes and uses after a close, each distinct one once, with the stacks that show it and a
 * count. Bounded: later ones are only counted. No lock; a place is claimed by one exchange, filled
 * in, and then published. All functions are async-signal-safe, for any thread.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { MISUSE_MOST = 64 };

enum misuse_kind {
	MISUSE_DOUBLE_CLOSE,    /* a close failed with EBADF, and the number was closed before */
	MISUSE_USE,             /* another call did */
	MISUSE_CLOSE_OF_OTHER,  /* a number was closed again, after other code had been given it */
	MISUSE_COPY_OVER_OTHER, /* the same by dup2: it has closed what other code had been given */
	MISUSE_OF_STREAM,       /* close() of a number that belongs to a FILE or DIR */
	MISUSE_STANDARD, /* the number 0, 1 or 2 was closed, and an ordinary open was given it */
	MISUSE_KIND_COUNT,
};

/* A stack, and the thread that it was of. */
struct misuse_place {
	uint32_t stack;  /* STACK_NONE: not known */
	uint32_t thread; /* kernel thread id; 0: not known */
};

struct misuse {
	enum misuse_kind kind;
	const char *call;           /* "close": the function that was called wrongly, or NULL */
	int fd;                     /* the number, of the first one */
	uint32_t at;                /* when that was: ticks, as in ledger_entry.opened_at */
	struct misuse_place here;   /* the wrong call */
	struct misuse_place closed; /* the close before it */
	struct misuse_place opened; /* what the number was or, for the kinds _OTHER, is */
};

struct misuse_entry {
	_Atomic uint32_t state; /* enum misuse_state in misuse_table.c */
	_Atomic uint64_t count;
	struct misuse misuse;
};

struct misuse_table {
	struct misuse_entry entries[MISUSE_MOST];
	_Atomic uint64_t total;
	_Atomic uint64_t dropped; /* those that had no room */
};

/* Counts a misuse. True if it is the first with this kind and these stacks; for MISUSE_STANDARD,
 * with this opening stack. */
bool misuse_table_add(struct misuse_table *table, const struct misuse *misuse);

/* Whether a wrong close or copy has hit what other code had been given since. */
static inline bool misuse_hits_other(enum misuse_kind kind)
{
	return kind == MISUSE_CLOSE_OF_OTHER || kind == MISUSE_COPY_OVER_OTHER;
}

/* Copies the misuse at index i, and its count; false: there is none. */
bool misuse_table_get(const struct misuse_table *table, uint32_t i, struct misuse *misuse,
		      uint64_t *count);

/* Forgets all of them: for a forked child. */
void misuse_table_reset(struct misuse_table *table);
