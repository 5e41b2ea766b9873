// SPDX-License-Identifier: MIT
/* See closer_table.h. Open addressing; the pairs of one opening stack are also a list, which only
 * grows at its head. */
#include "closer_table.h"

#include <string.h>

#include "preload/core/base/arena.h"
#include "stack_table.h"

_Static_assert(STACK_LIMIT == 1 << CLOSER_COUNT, "a closing stack's id lies below its count");
_Static_assert((CLOSER_PAIRS & (CLOSER_PAIRS - 1)) == 0 && CLOSER_MOST < CLOSER_PAIRS,
	       "a search ends at a free place");

static const uint64_t id_bits = STACK_LIMIT - 1;

static uint64_t key_of(uint32_t opened, uint32_t closed)
{
	return (uint64_t)opened << CLOSER_COUNT | closed;
}

static uint32_t hash_of(uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15ULL >> 40);
}

bool closer_table_start(struct closer_table *table)
{
	if (!table->pairs)
		table->pairs = memory_map(sizeof(*table->pairs) * CLOSER_PAIRS);
	atomic_store(&table->on, table->pairs != NULL);
	return table->pairs != NULL;
}

void closer_table_stop(struct closer_table *table)
{
	atomic_store(&table->on, false);
}

void closer_table_release(struct closer_table *table)
{
	memory_unmap(table->pairs, sizeof(*table->pairs) * CLOSER_PAIRS);
	table->pairs = NULL;
}

bool closer_table_copy(struct closer_table *table, const struct closer_table *from)
{
	if (!atomic_load(&from->on))
		return true;
	if (!closer_table_start(table))
		return false;
	memcpy(table->pairs, from->pairs, sizeof(*table->pairs) * CLOSER_PAIRS);
	atomic_store(&table->count, atomic_load(&from->count));
	atomic_store(&table->dropped, atomic_load(&from->dropped));
	return true;
}

void closer_table_reset(struct closer_table *table)
{
	/* Without pairs nothing is written, so that a forked child shares these pages. */
	for (uint32_t i = 0; i < CLOSER_PAIRS && atomic_load(&table->count); i++) {
		struct closer_pair *pair = &table->pairs[i];

		if (!atomic_load(&pair->key))
			continue;
		atomic_store(&pair->next, 0);
		atomic_store(&pair->count, 0);
		atomic_store(&pair->key, 0);
	}
	atomic_store(&table->count, 0);
	atomic_store(&table->dropped, 0);
}

void closers_reset(struct closers *closers)
{
	atomic_store_explicit(&closers->first, 0, memory_order_relaxed);
	atomic_store_explicit(&closers->more, 0, memory_order_relaxed);
	atomic_store_explicit(&closers->untraced, 0, memory_order_relaxed);
	atomic_store_explicit(&closers->unknown, 0, memory_order_relaxed);
}

/* The place of key: where it is, or a free one. */
static struct closer_pair *find(const struct closer_table *table, uint64_t key)
{
	for (uint32_t at = hash_of(key);; at++) {
		struct closer_pair *pair = &table->pairs[at % CLOSER_PAIRS];
		uint64_t there = atomic_load_explicit(&pair->key, memory_order_acquire);

		if (there == key || !there)
			return pair;
	}
}

/* The pair of key, which is added if it is new; NULL: the table is full. */
static struct closer_pair *intern(struct closer_table *table, struct closers *closers, uint64_t key)
{
	for (;;) {
		struct closer_pair *pair = find(table, key);
		uint64_t there = 0;
		uint32_t head;

		if (atomic_load_explicit(&pair->key, memory_order_relaxed) == key)
			return pair;
		/* Each thread adds one at most beyond the limit, so that free places are left. */
		if (atomic_load(&table->count) >= CLOSER_MOST)
			return NULL;
		if (!atomic_compare_exchange_strong(&pair->key, &there, key))
			continue;
		atomic_fetch_add(&table->count, 1);
		head = atomic_load(&closers->more);
		do
			atomic_store(&pair->next, head);
		while (!atomic_compare_exchange_weak(&closers->more, &head,
						     (uint32_t)(pair - table->pairs) + 1));
		return pair;
	}
}

void closer_table_add(struct closer_table *table, struct closers *closers, uint32_t opened,
		      uint32_t closed)
{
	uint64_t first = 0;
	struct closer_pair *pair;

	if (closed < STACK_FIRST) {
		atomic_fetch_add(&closers->unknown, 1);
		return;
	}
	if (atomic_compare_exchange_strong(&closers->first, &first,
					   closed | UINT64_C(1) << CLOSER_COUNT))
		return;
	if ((first & id_bits) == closed) {
		atomic_fetch_add(&closers->first, UINT64_C(1) << CLOSER_COUNT);
		return;
	}
	pair = intern(table, closers, key_of(opened, closed));
	if (pair) {
		atomic_fetch_add_explicit(&pair->count, 1, memory_order_relaxed);
	} else {
		atomic_fetch_add(&table->dropped, 1);
		atomic_fetch_add(&closers->unknown, 1);
	}
}

/* A list of closing stacks, the most frequent first, while it is made. */
struct listing {
	struct closer *list;
	uint32_t room, count;
	uint64_t others;
	uint32_t other_stacks;
};

static void list_closer(struct listing *listing, struct closer closer)
{
	if (!closer.count)
		return; /* it has just been added */
	for (uint32_t i = 0; i < listing->count; i++)
		if (closer.count > listing->list[i].count) {
			struct closer moved = listing->list[i];

			listing->list[i] = closer;
			closer = moved;
		}
	if (listing->count < listing->room) {
		listing->list[listing->count++] = closer;
		return;
	}
	listing->others += closer.count;
	listing->other_stacks++;
}

uint32_t closer_table_list(const struct closer_table *table, const struct closers *closers,
			   uint32_t opened, struct closer *list, uint32_t room, uint64_t *others,
			   uint32_t *other_stacks)
{
	struct listing listing = {.list = list, .room = room};
	uint64_t first = atomic_load(&closers->first);
	uint32_t at = atomic_load(&closers->more);

	list_closer(&listing, (struct closer){first & id_bits, first >> CLOSER_COUNT});
	/* Bounded, in case that the table is reset during the walk. */
	for (uint32_t i = 0; table->pairs && at && at <= CLOSER_PAIRS && i < CLOSER_PAIRS; i++) {
		const struct closer_pair *pair = &table->pairs[at - 1];
		uint64_t key = atomic_load(&pair->key);

		if (key >> CLOSER_COUNT == opened)
			list_closer(&listing, (struct closer){(uint32_t)(key & id_bits),
							      atomic_load(&pair->count)});
		at = atomic_load(&pair->next);
	}
	*others = listing.others;
	*other_stacks = listing.other_stacks;
	return listing.count;
}
