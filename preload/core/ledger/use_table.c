// SPDX-License-Identifier: MIT
/* See use_table.h. */
#include "use_table.h"

#include <sys/mman.h>

#include "preload/core/base/arena.h"
#include "preload/core/base/raw_syscall.h"
#include "stack_table.h"

#define FOLLOWED      (UINT64_C(1) << USE_FOLLOWED)
#define SEQUENCE_BITS ((UINT64_C(1) << (USE_FOLLOWED - USE_SEQUENCE)) - 1)
#define STACK_BITS    ((uint64_t)STACK_LIMIT - 1)

static uint64_t sequence_of(uint64_t word)
{
	return word >> USE_SEQUENCE & SEQUENCE_BITS;
}

bool use_table_start(struct use_table *table, enum use_mode mode)
{
	_Atomic uint64_t *words = atomic_load(&table->words);

	if (mode == USES_OFF && !words)
		return true;
	if (!words)
		words = memory_map(USE_NUMBERS * sizeof(*words));
	if (!words)
		return false;
	/* Zeroes them: madvise(2). They are of an earlier attach, or new. */
	RAW(madvise, words, USE_NUMBERS * sizeof(*words), MADV_DONTNEED);
	atomic_store(&table->walks, 0);
	atomic_store(&table->dropped, 0);
	atomic_store(&table->mode, mode);
	atomic_store(&table->words, words);
	return true;
}

void use_table_release(struct use_table *table)
{
	memory_unmap((void *)atomic_load(&table->words), USE_NUMBERS * sizeof(uint64_t));
	atomic_store(&table->words, NULL);
}

void use_table_forget(struct use_table *table, int end)
{
	for (int fd = 0; fd < end; fd++) {
		_Atomic uint64_t *word = use_table_word(table, fd);
		uint64_t kept = FOLLOWED | SEQUENCE_BITS << USE_SEQUENCE;

		if (!word)
			return;
		uint64_t now = atomic_load_explicit(word, memory_order_relaxed);
		if (now)
			atomic_store(word, now & FOLLOWED ? now & kept : 0);
	}
}

void use_table_follow(struct use_table *table, int fd, uint32_t sequence)
{
	_Atomic uint64_t *word = use_table_word(table, fd);

	if (word)
		atomic_store(word, FOLLOWED | (sequence & SEQUENCE_BITS) << USE_SEQUENCE);
}

uint32_t use_table_stack(const struct use_table *table, int fd, uint32_t sequence)
{
	const _Atomic uint64_t *at = use_table_word(table, fd);
	uint64_t word = at ? atomic_load(at) : 0;

	return sequence_of(word) == (sequence & SEQUENCE_BITS) ? (uint32_t)(word & STACK_BITS)
							       : STACK_NONE;
}

bool use_table_follows(struct use_table *table, int fd, uint32_t sequence)
{
	_Atomic uint64_t *at = use_table_word(table, fd);
	uint64_t word = at ? atomic_load_explicit(at, memory_order_relaxed) : 0;

	if (!at || atomic_load_explicit(&table->mode, memory_order_relaxed) == USES_ALL)
		return at != NULL;
	if (sequence_of(word) == (sequence & SEQUENCE_BITS))
		return word & FOLLOWED;
	atomic_compare_exchange_strong(at, &word, 0);
	return false;
}

void use_table_store(struct use_table *table, int fd, uint32_t sequence, uint32_t stack)
{
	_Atomic uint64_t *at = use_table_word(table, fd);
	uint64_t word = at ? atomic_load_explicit(at, memory_order_relaxed) : 0;
	uint64_t now = (word & FOLLOWED) | (stack & STACK_BITS) |
		       (sequence & SEQUENCE_BITS) << USE_SEQUENCE;

	/* If another thread has begun or ended to follow the number since, its word stays. */
	if (at && now != word)
		atomic_compare_exchange_strong(at, &word, now);
}
