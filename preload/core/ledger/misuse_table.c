// SPDX-License-Identifier: MIT
/* See misuse_table.h. Places are filled from the first one on, and never emptied but by a reset. */
#include "misuse_table.h"

enum misuse_state { MISUSE_FREE, MISUSE_FILLING, MISUSE_READY };

static bool same(const struct misuse *a, const struct misuse *b)
{
	return a->kind == b->kind && a->here.stack == b->here.stack &&
	       (a->kind == MISUSE_STANDARD ||
		(a->closed.stack == b->closed.stack && a->opened.stack == b->opened.stack));
}

bool misuse_table_add(struct misuse_table *table, const struct misuse *misuse)
{
	atomic_fetch_add(&table->total, 1);
	for (uint32_t i = 0; i < MISUSE_MOST; i++) {
		struct misuse_entry *entry = &table->entries[i];
		uint32_t state = MISUSE_FREE;

		if (atomic_compare_exchange_strong(&entry->state, &state, MISUSE_FILLING)) {
			entry->misuse = *misuse;
			atomic_store(&entry->count, 1);
			atomic_store(&entry->state, MISUSE_READY);
			return true;
		}
		/* If another thread is filling the place, the same misuse may get two. */
		if (state == MISUSE_READY && same(&entry->misuse, misuse)) {
			atomic_fetch_add(&entry->count, 1);
			return false;
		}
	}
	atomic_fetch_add(&table->dropped, 1);
	return false;
}

bool misuse_table_get(const struct misuse_table *table, uint32_t i, struct misuse *misuse,
		      uint64_t *count)
{
	const struct misuse_entry *entry = &table->entries[i];

	if (i >= MISUSE_MOST || atomic_load(&entry->state) != MISUSE_READY)
		return false;
	*misuse = entry->misuse;
	*count = atomic_load(&entry->count);
	return true;
}

void misuse_table_reset(struct misuse_table *table)
{
	if (!atomic_load(&table->total))
		return;
	for (uint32_t i = 0; i < MISUSE_MOST; i++) {
		atomic_store(&table->entries[i].count, 0);
		atomic_store(&table->entries[i].state, MISUSE_FREE);
	}
	atomic_store(&table->total, 0);
	atomic_store(&table->dropped, 0);
}
