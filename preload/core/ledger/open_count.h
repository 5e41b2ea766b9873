// SPDX-License-Identifier: MIT
/*
 * Counts for a stack how many descriptors it has opened, how many of them are open, and the most
 * that were open at once. The first two counts are one word, so that one locked addition changes
 * both and tells how many are open after it, whatever other threads do. Used by slot.h.
 *
 * In a single thread the peak is exact. A descriptor counts from the moment when its hook records
 * it until the hook of its close has returned from the kernel, so with several threads the peak can
 * differ by as many as there are threads inside such a hook at that moment. A second thread that
 * closes the same number while the first one does (a defect of the program) may count that close
 * twice, if it is interrupted between two instructions (slot_closing).
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum {
	/* The lower part is signed, so a close that counts twice spoils only the lower part. */
	OPEN_COUNT_LIVE_BITS = 26,
};

#define OPEN_COUNT_OPENED ((UINT64_C(1) << OPEN_COUNT_LIVE_BITS) + 1) /* one more opened and open */
#define OPEN_COUNT_LIVE   UINT64_C(1) /* one more open, or one less */

_Static_assert(64 - OPEN_COUNT_LIVE_BITS == 38, "open_count_opened counts modulo 2^38");
_Static_assert(OPEN_COUNT_LIVE_BITS <= 32, "open_count_live looks at the lower 32 bits");

struct open_count {
	_Atomic uint64_t word;
	_Atomic uint32_t peak;
	_Atomic uint32_t peak_at; /* ticks, as in ledger_entry.opened_at */
};

static inline int32_t open_count_live(uint64_t word)
{
	return (int32_t)((uint32_t)word << (32 - OPEN_COUNT_LIVE_BITS)) >>
	       (32 - OPEN_COUNT_LIVE_BITS);
}

/* Modulo 2^38, which at a million opens a second wraps after three days. */
static inline uint64_t open_count_opened(uint64_t word)
{
	return (word - (uint64_t)(int64_t)open_count_live(word)) >> OPEN_COUNT_LIVE_BITS;
}

/* Raises peak to live, reached at this time, if that is higher. */
static inline void open_count_raise(struct open_count *count, int32_t live, uint32_t at)
{
	uint32_t peak = atomic_load_explicit(&count->peak, memory_order_relaxed);

	while (live > (int32_t)peak)
		if (atomic_compare_exchange_weak_explicit(&count->peak, &peak, (uint32_t)live,
							  memory_order_relaxed,
							  memory_order_relaxed)) {
			atomic_store_explicit(&count->peak_at, at, memory_order_relaxed);
			return;
		}
}

/* Counts one more open, at this time. */
static inline void open_count_open(struct open_count *count, uint32_t at)
{
	uint64_t before =
		atomic_fetch_add_explicit(&count->word, OPEN_COUNT_OPENED, memory_order_relaxed);

	open_count_raise(count, open_count_live(before + OPEN_COUNT_OPENED), at);
}

/* Counts one close. Returns the word from before it. */
static inline uint64_t open_count_close(struct open_count *count)
{
	return atomic_fetch_sub_explicit(&count->word, OPEN_COUNT_LIVE, memory_order_relaxed);
}

static inline void open_count_reset(struct open_count *count)
{
	atomic_store_explicit(&count->word, 0, memory_order_relaxed);
	atomic_store_explicit(&count->peak, 0, memory_order_relaxed);
	atomic_store_explicit(&count->peak_at, 0, memory_order_relaxed);
}
