// SPDX-License-Identifier: MIT
/*
 * The reads of a run once more, arranged for comparing. A frame record is two words side by side: a
 * frame pointer, which is relative to sp, and a return address. In code that keeps frame pointers
 * most reads are such, and two are compared at the price of one. The order of the reads is lost, so
 * this is only for a run whose words can all be read, whatever they are.
 */
#pragma once

#include "memo_find.h"

enum { MEMO_PAIRS = 4 }; /* number of pairs that are compared at a time */

typedef uint64_t two_words __attribute__((vector_size(16)));
_Static_assert(sizeof(two_words) == 2 * sizeof(uint64_t), "one read each");

struct memo_pairs {
	uint32_t count; /* a multiple of MEMO_PAIRS; the last one is repeated */
	uint32_t others;
	two_words *values;
	int32_t *offsets;        /* from sp */
	struct memo_read *other; /* reads without a partner */
};

/* Arranges the run's reads, unless there are few pairs or there is no memory. Only for runs with
 * reads that are checked: without these the bounds of the stack aren't known, and it takes system
 * calls to find them. The caller must hold the capture lock. */
void memo_pairs_add(struct arena *arena, struct memo_run *run);

/* The read's word or register. */
static inline uint64_t memo_read_again(const struct memo_read *read, uintptr_t sp, uintptr_t fp)
{
	return read->flags & READ_FP ? fp : memo_word_at(sp, read);
}

/* Zero if word is what the read found. */
static inline uint64_t memo_differs(const struct memo_read *read, uint64_t word, uintptr_t sp)
{
	return (word - (sp & -(uint64_t)(read->flags & READ_RELATIVE))) ^ read->value;
}

/* Whether all of the run's reads would find the same again. */
static inline bool memo_pairs_equal(const struct memo_pairs *pairs, uintptr_t sp, uintptr_t fp)
{
	two_words base = {sp, 0};
	uint64_t differ = 0;

	for (uint32_t i = 0; i < pairs->count; i += MEMO_PAIRS) {
		two_words two = {0, 0};

#ifdef __clang__
#pragma unroll 4
#else
#pragma GCC unroll 4
#endif
		for (uint32_t j = i; j < i + MEMO_PAIRS; j++) {
			two_words found;

			memcpy(&found, (const char *)sp + pairs->offsets[j], sizeof(found));
			two |= (found - base) ^ pairs->values[j];
		}
		if (two[0] | two[1])
			return false;
	}
	for (uint32_t i = 0; i < pairs->others; i++)
		differ |= memo_differs(&pairs->other[i], memo_read_again(&pairs->other[i], sp, fp),
				       sp);
	return !differ;
}
