// SPDX-License-Identifier: MIT
/*
 * Marks: moments that the program has named, such as the beginning of each test. Each descriptor
 * belongs to the mark that was in force when it was opened. A slot of the ledger has no room for a
 * mark, so a new mark first gives the one in force to everything that was opened since, by the
 * count of records that tells whether a number is still the same descriptor.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;
struct mark_file; /* mark_file.h */

enum {
	LEDGER_MARK_NONE = 0, /* opened before the first mark */
	MARK_LIMIT = 1 << 16,
	MARK_NUMBERS = 1 << 20, /* descriptors with higher numbers have no mark */
	MARK_TEXT_MAX = 200,    /* bytes; the rest is cut off */
};

struct ledger_mark {
	const char *text;
	uint32_t length;
	uint64_t at_ms; /* CLOCK_MONOTONIC */
};

/* The mark of a number, while it has been recorded so often (ledger_times_recorded). */
struct mark_of {
	uint32_t times, mark;
};

/* All zero is an empty one. */
struct mark_table {
	_Atomic(struct ledger_mark *) marks; /* MARK_LIMIT places; NULL: no mark yet */
	_Atomic(struct mark_of *) of;        /* MARK_NUMBERS places */
	_Atomic uint32_t count;              /* the highest mark */
	_Atomic uint32_t lost;               /* marks that could not be recorded */
	_Atomic uint32_t setter;      /* 0, or the generation in which a thread is setting one */
	const struct mark_file *file; /* whose lines are marks; NULL: none */
	_Atomic uint64_t position;    /* the file's lines up to here are known */
};

/* Sets a mark. The text is copied. Async-signal-safe; if another thread is setting one, waits for
 * it, but not for long: then the mark is lost. */
void mark_table_set(struct ledger *ledger, const char *text, size_t length, uint64_t now_ms);

/* The same for lines of a file, from one position to another. Does nothing if another thread has
 * set the mark of these lines. An empty text is no mark. */
void mark_table_follow(struct ledger *ledger, uint64_t from, uint64_t to, const char *text,
		       size_t length, uint64_t now_ms);

/* The mark of descriptor fd, which has been recorded so often. Async-signal-safe, lock-free. */
uint32_t mark_table_of(const struct ledger *ledger, int fd, uint32_t times);

/* The mark of that number; NULL: there is none. Async-signal-safe, lock-free. */
const struct ledger_mark *mark_table_get(const struct ledger *ledger, uint32_t mark);

/* Frees the memory that doesn't belong to the arena. */
void mark_table_release(struct mark_table *table);
