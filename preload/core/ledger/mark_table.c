// SPDX-License-Identifier: MIT
/* See mark_table.h. */
#include "mark_table.h"

#include <string.h>

#include "preload/core/base/raw_syscall.h"
#include "ledger.h"

enum { WAITS = 1000 }; /* for a thread that is setting a mark; it takes microseconds */

/* Makes this thread the one that sets a mark. A thread of the process that this one was forked from
 * doesn't count: it is not here. False: another one doesn't come to its end. */
static bool begin(struct ledger *ledger)
{
	uint32_t generation = atomic_load(&ledger->generation);

	for (int i = 0; i < WAITS; i++) {
		uint32_t setter = atomic_load(&ledger->marks.setter);

		if (setter != generation &&
		    atomic_compare_exchange_strong(&ledger->marks.setter, &setter, generation))
			return true;
		RAW(sched_yield);
	}
	return false;
}

/* Makes the arrays. False: no memory. */
static bool make(struct mark_table *table)
{
	if (!atomic_load(&table->of))
		atomic_store(&table->of, memory_map(MARK_NUMBERS * sizeof(struct mark_of)));
	if (!atomic_load(&table->marks))
		atomic_store(&table->marks, memory_map(MARK_LIMIT * sizeof(struct ledger_mark)));
	return atomic_load(&table->of) && atomic_load(&table->marks);
}

/* Gives the mark in force to the descriptors that have none yet. */
static void give_mark(struct ledger *ledger, uint32_t mark)
{
	struct mark_of *of = atomic_load(&ledger->marks.of);

	for (int fd = ledger_next(ledger, 0); fd >= 0 && fd < MARK_NUMBERS;
	     fd = ledger_next(ledger, fd + 1)) {
		uint32_t times = ledger_times_recorded(ledger, fd);

		if (of[fd].times != times)
			of[fd] = (struct mark_of){times, mark};
	}
}

static bool add(struct ledger *ledger, const char *text, size_t length, uint64_t now_ms)
{
	struct mark_table *table = &ledger->marks;
	uint32_t mark = atomic_load(&table->count);

	if (mark + 1 >= MARK_LIMIT || !make(table))
		return false;
	if (length > MARK_TEXT_MAX)
		length = MARK_TEXT_MAX;
	char *copy = arena_alloc(ledger->arena, length + 1);
	if (!copy)
		return false;
	memcpy(copy, text, length);
	give_mark(ledger, mark);
	atomic_load(&table->marks)[mark + 1] = (struct ledger_mark){copy, (uint32_t)length, now_ms};
	atomic_store(&table->count, mark + 1);
	return true;
}

void mark_table_set(struct ledger *ledger, const char *text, size_t length, uint64_t now_ms)
{
	bool set = false;

	if (begin(ledger)) {
		set = add(ledger, text, length, now_ms);
		atomic_store(&ledger->marks.setter, 0);
	}
	if (!set)
		atomic_fetch_add(&ledger->marks.lost, 1);
}

void mark_table_follow(struct ledger *ledger, uint64_t from, uint64_t to, const char *text,
		       size_t length, uint64_t now_ms)
{
	struct mark_table *table = &ledger->marks;

	if (!begin(ledger))
		return; /* the next open tries again */
	if (atomic_load(&table->position) == from) {
		if (length && !add(ledger, text, length, now_ms))
			atomic_fetch_add(&table->lost, 1);
		atomic_store(&table->position, to);
	}
	atomic_store(&table->setter, 0);
}

uint32_t mark_table_of(const struct ledger *ledger, int fd, uint32_t times)
{
	const struct mark_of *of = atomic_load(&ledger->marks.of);

	if (!of || fd < 0 || fd >= MARK_NUMBERS)
		return LEDGER_MARK_NONE;
	return of[fd].times == times ? of[fd].mark : atomic_load(&ledger->marks.count);
}

const struct ledger_mark *mark_table_get(const struct ledger *ledger, uint32_t mark)
{
	const struct ledger_mark *marks = atomic_load(&ledger->marks.marks);

	return marks && mark != LEDGER_MARK_NONE && mark <= atomic_load(&ledger->marks.count)
		       ? &marks[mark]
		       : NULL;
}

void mark_table_release(struct mark_table *table)
{
	memory_unmap(atomic_load(&table->of), MARK_NUMBERS * sizeof(struct mark_of));
	memory_unmap(atomic_load(&table->marks), MARK_LIMIT * sizeof(struct ledger_mark));
	memset(table, 0, sizeof(*table));
}
