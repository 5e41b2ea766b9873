// SPDX-License-Identifier: MIT
/* See frame_words.h. */
#include "frame_words.h"

#include <string.h>

enum { FRAME_RECORD = 16 }; /* the caller's frame pointer and the return address */

/* Whether the walk has read the word at address, so that it lies at the same distance from sp in
 * all equal stacks. */
static bool was_read(const struct walk *walk, uintptr_t address)
{
	for (uint32_t i = 0; i < walk->read_count; i++)
		if (walk->reads[i].address == address && !(walk->reads[i].flags & READ_FP))
			return true;
	return false;
}

/* Adds the words of the language's code in the walk's frame number at, whose frame pointer is fp.
 * Returns the new count; -1: it can't be known by words. */
static int add_words(const struct walk *walk, const struct interpreter *language, uint32_t at,
		     uintptr_t fp, int32_t *offsets, int count)
{
	int32_t found[INTERPRETER_WORDS];
	int words = language->words(walk->pcs[at], fp, found);

	if (words < 0 || count + words > FRAME_WORDS_MAX || !was_read(walk, fp + sizeof(fp)))
		return -1;
	for (int i = 0; i < words; i++) {
		uintptr_t address = fp + (uintptr_t)found[i];

		/* Only within the frame: a signal's handler may write to what lies below it. */
		if (address < walk->sps[at] || address >= fp)
			return -1;
		offsets[count++] = (int32_t)(address - walk->registers.sp);
	}
	return count;
}

/* Fills in the distances of all words. Returns their count, or -1. */
static int find_words(const struct walk *walk, const struct interpreter *language,
		      const struct language_frame *frames, int frame_count, int32_t *offsets)
{
	int count = 0, frame = 0;

	/* Code that the walk has not seen may be of the language. */
	if (walk->end != STACK_COMPLETE || !walk->repeatable)
		return -1;
	for (uint32_t i = 0; i + 1 < walk->count; i++) {
		uintptr_t fp = walk->sps[i + 1] - FRAME_RECORD;

		if (!language->is_loop(walk->pcs[i]))
			continue;
		count = add_words(walk, language, i, fp, offsets, count);
		if (count < 0)
			return -1;
		while (frame < frame_count && frames[frame].stack == fp)
			frame++;
	}
	/* Each of the language's frames must be one of the walk's. */
	return frame == frame_count ? count : -1;
}

struct frame_words *frame_words_make(struct arena *arena, const struct walk *walk,
				     const struct interpreter *language, uint8_t number,
				     const struct language_frame *frames, int count)
{
	static int32_t offsets[FRAME_WORDS_MAX + FRAME_WORDS_BLOCK]; /* under the capture lock */
	struct frame_words *words;

	count = find_words(walk, language, frames, count, offsets);
	if (count < 0)
		return NULL;
	while (count % FRAME_WORDS_BLOCK) {
		offsets[count] = offsets[count - 1];
		count++;
	}
	size_t size = sizeof(*words) + (size_t)count * sizeof(*words->offsets);
	size_t values = FRAME_WORDS_KNOWN * (size_t)count * sizeof(*words->values);
	words = arena_alloc(arena, size + values);
	if (!words)
		return NULL;
	words->language = number;
	words->count = (uint32_t)count;
	words->values = (_Atomic uintptr_t *)(words + 1);
	words->offsets = (int32_t *)((char *)words->values + values);
	memcpy(words->offsets, offsets, (size_t)count * sizeof(*offsets));
	return words;
}

void frame_words_keep(struct frame_words *words, uintptr_t sp, uint64_t moves, uint32_t asked,
		      struct captured stack)
{
	uint32_t set = atomic_fetch_add_explicit(&words->next, 1, memory_order_relaxed) %
		       FRAME_WORDS_KNOWN;
	struct known_words *known = &words->known[set];
	_Atomic uintptr_t *values = words->values + (size_t)set * words->count;
	uint32_t number = atomic_load_explicit(&known->number, memory_order_relaxed);

	if (number & 1 ||
	    !atomic_compare_exchange_strong_explicit(&known->number, &number, number + 1,
						     memory_order_acquire, memory_order_relaxed))
		return;
	atomic_thread_fence(memory_order_release);
	for (uint32_t i = 0; i < words->count; i++) {
		uintptr_t word;

		memcpy(&word, (const char *)sp + words->offsets[i], sizeof(word));
		atomic_store_explicit(&values[i], word, memory_order_relaxed);
	}
	atomic_store_explicit(&known->moves, moves, memory_order_relaxed);
	atomic_store_explicit(&known->asked, asked, memory_order_relaxed);
	atomic_store_explicit(&known->stack, stack.stack, memory_order_relaxed);
	atomic_store_explicit(&known->figures, stack.figures, memory_order_relaxed);
	atomic_store_explicit(&known->number, number + 2, memory_order_release);
}
