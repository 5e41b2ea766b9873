// SPDX-License-Identifier: MIT
/* See mixed_memo.h. Like memo.c it never frees visible memory; the arena's limit bounds what grown
 * tables leave behind. */
#include "mixed_memo.h"

#include <stddef.h>
#include <string.h>

enum {
	MIXED_LIMIT = 64 * 1024 * 1024,
	TABLE_FIRST = 256,
	WORDS = 3, /* of a frame's identity */
};

_Static_assert(offsetof(struct language_frame, stack) == WORDS * sizeof(uint64_t),
	       "a frame's identity is whole words, before its place");

struct mixed_table {
	uint64_t mask;
	uint64_t count;
	_Atomic(struct mixed_entry *) slots[];
};

void mixed_memo_init(struct mixed_memo *memo)
{
	memset(memo, 0, sizeof(*memo));
	memo->arena.limit = MIXED_LIMIT;
}

void mixed_memo_forget(struct mixed_memo *memo)
{
	atomic_store_explicit(&memo->table, NULL, memory_order_release);
	for (size_t i = 0; i < MIXED_RECENT; i++)
		atomic_store_explicit(&memo->recent[i], NULL, memory_order_release);
}

static inline void words_of(const struct language_frame *frame, uint64_t words[WORDS])
{
	memcpy(words, frame, WORDS * sizeof(*words));
}

/* The frames are multiplied side by side, and only their sum depends on all of them. */
static inline uint64_t hash_of(uint32_t native, const struct language_frame *frames, int count)
{
	uint64_t hash = native * 0x9e3779b97f4a7c15ULL, words[WORDS];

	for (int i = 0; i < count; i++) {
		words_of(&frames[i], words);
		hash += (words[0] ^ words[1] << 40 ^ words[1] >> 24 ^ words[2] << 17) *
			(0x9e3779b97f4a7c15ULL + 0x2545f4914f6cdd1dULL * 2 * (uint64_t)i);
	}
	return hash ^ hash >> 32;
}

static inline bool same(const struct mixed_entry *entry, uint64_t hash, uint32_t native,
			const struct language_frame *frames, int count)
{
	uint64_t words[WORDS], others[WORDS], differ = 0;

	if (entry->hash != hash || entry->native != native || entry->count != count)
		return false;
	for (int i = 0; i < count; i++) {
		words_of(&frames[i], words);
		words_of(&entry->frames[i], others);
		for (int j = 0; j < WORDS; j++)
			differ |= words[j] ^ others[j];
	}
	return !differ;
}

struct captured mixed_memo_find(struct mixed_memo *memo, uint32_t native,
				const struct language_frame *frames, int count)
{
	const struct mixed_table *table = atomic_load_explicit(&memo->table, memory_order_acquire);
	uint64_t hash = hash_of(native, frames, count);

	for (uint64_t at = hash; table; at++) {
		const struct mixed_entry *entry =
			atomic_load_explicit(&table->slots[at & table->mask], memory_order_acquire);

		if (!entry)
			break;
		if (same(entry, hash, native, frames, count)) {
			atomic_store_explicit(&memo->recent[native % MIXED_RECENT], entry,
					      memory_order_release);
			return entry->merged;
		}
	}
	return (struct captured){.stack = STACK_NONE};
}

static void put(struct mixed_table *table, struct mixed_entry *entry)
{
	uint64_t at = entry->hash;

	while (atomic_load_explicit(&table->slots[at & table->mask], memory_order_relaxed))
		at++;
	atomic_store_explicit(&table->slots[at & table->mask], entry, memory_order_release);
	table->count++;
}

/* Makes room for one more entry. False: no memory. */
static bool grow(struct mixed_memo *memo)
{
	struct mixed_table *old = atomic_load(&memo->table), *table;
	uint64_t size = old ? (old->mask + 1) * 2 : TABLE_FIRST;

	if (old && (old->count + 1) * 2 <= old->mask + 1)
		return true;
	table = arena_alloc(&memo->arena, sizeof(*table) + size * sizeof(table->slots[0]));
	if (!table)
		return false;
	table->mask = size - 1;
	for (uint64_t i = 0; old && i <= old->mask; i++) {
		struct mixed_entry *entry =
			atomic_load_explicit(&old->slots[i], memory_order_relaxed);

		if (entry)
			put(table, entry);
	}
	atomic_store_explicit(&memo->table, table, memory_order_release);
	return true;
}

void mixed_memo_keep(struct mixed_memo *memo, uint32_t native, const struct language_frame *frames,
		     int count, struct captured merged)
{
	struct mixed_entry *entry;

	if (!grow(memo))
		return;
	entry = arena_alloc(&memo->arena, sizeof(*entry) + (size_t)count * sizeof(*frames));
	if (!entry)
		return;
	entry->hash = hash_of(native, frames, count);
	entry->merged = merged;
	entry->native = native;
	entry->count = count;
	entry->one_language = true;
	for (int i = 0; i < count; i++)
		entry->one_language &= frames[i].language == frames[0].language ||
				       frames[i].flags & LANGUAGE_ASKED;
	memcpy(entry->frames, frames, (size_t)count * sizeof(*frames));
	put(atomic_load(&memo->table), entry);
}
