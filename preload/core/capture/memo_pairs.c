// SPDX-License-Identifier: MIT
/* See memo_pairs.h. */
#include "memo_pairs.h"

enum { PARTNER_NEAR = 2 }; /* a walk reads the two words of a record one after the other */

/* The number of the read of the return address beside this read of a frame pointer; 0: it isn't one
 * that has such a read near. */
static uint32_t pair_of(const struct memo_run *run, uint32_t i)
{
	const struct memo_read *reads = run->reads;
	uint32_t first = i > PARTNER_NEAR ? i - PARTNER_NEAR : 0;

	if ((reads[i].flags & (READ_RELATIVE | READ_FP)) != READ_RELATIVE)
		return 0;
	for (uint32_t j = first; j < run->count && j <= i + PARTNER_NEAR; j++)
		if (!(reads[j].flags & (READ_RELATIVE | READ_FP)) && j &&
		    reads[j].offset == reads[i].offset + (int32_t)sizeof(uint64_t))
			return j;
	return 0;
}

void memo_pairs_add(struct arena *arena, struct memo_run *run)
{
	static uint32_t partners[WALK_READS], firsts[WALK_READS]; /* under the capture lock */
	uint32_t count = 0, others = run->count;

	memset(partners, 0, run->count * sizeof(*partners));
	for (uint32_t i = 0; i < run->count; i++) {
		uint32_t other = pair_of(run, i);

		if (!other || partners[other])
			continue;
		partners[i] = partners[other] = 1;
		firsts[count++] = i;
		others -= 2;
	}
	if (count < MEMO_PAIRS)
		return;
	uint32_t whole = (count + MEMO_PAIRS - 1) / MEMO_PAIRS * MEMO_PAIRS;
	struct memo_pairs *pairs = arena_alloc(arena, sizeof(*pairs));
	char *arrays =
		arena_alloc(arena, whole * (sizeof(*pairs->values) + sizeof(*pairs->offsets)) +
					   others * sizeof(*pairs->other));
	if (!pairs || !arrays)
		return;
	pairs->values = (two_words *)arrays;
	pairs->other = (struct memo_read *)(pairs->values + whole);
	pairs->offsets = (int32_t *)(pairs->other + others);
	pairs->count = whole;
	for (uint32_t i = 0; i < whole; i++) {
		const struct memo_read *read = &run->reads[firsts[i < count ? i : count - 1]];

		pairs->values[i] = (two_words){
			read->value, run->reads[pair_of(run, (uint32_t)(read - run->reads))].value};
		pairs->offsets[i] = read->offset;
	}
	for (uint32_t i = 0; i < run->count; i++)
		if (!partners[i])
			pairs->other[pairs->others++] = run->reads[i];
	run->pairs = pairs;
}
