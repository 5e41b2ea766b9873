// SPDX-License-Identifier: MIT
/*
 * The fastest way to a merged stack, for languages whose frames lie on the native stack (V8). Equal
 * native stacks of the memo have their frames at the same distances from sp. So a native stack
 * keeps the distances of the few words that tell its language's frames (function, bytecode), and
 * for the merged stacks that were found last the values of these words. A stack whose words are
 * equal is the same, as long as the language has moved none of its objects: it counts its moves.
 *
 * The distances are made once, under the capture lock. The values change: each set of them has a
 * number that is odd while a thread writes it, and readers look at that number before and after.
 * Nobody waits; who can't read or write a set does without. All of it is async-signal-safe.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "preload/core/base/arena.h"
#include "preload/core/ledger/stack_table.h"
#include "interpreter.h"

enum { FRAME_WORDS_MAX = 256, FRAME_WORDS_KNOWN = 4, FRAME_WORDS_BLOCK = 4 };

/* A merged stack, and what it was found for. */
struct known_words {
	_Atomic uint32_t number; /* odd: it is being written */
	_Atomic uint32_t asked;  /* capture_asked */
	_Atomic uint64_t moves;  /* the language's count of moves; 0: unused */
	_Atomic uint32_t stack;
	_Atomic(struct stack_figures *) figures;
};

struct frame_words {
	uint8_t language;      /* its number in the list */
	uint32_t count;        /* filled up to whole blocks with the last one */
	_Atomic uint32_t next; /* the set that is written next */
	struct known_words known[FRAME_WORDS_KNOWN];
	int32_t *offsets;          /* count, from sp */
	_Atomic uintptr_t *values; /* count of them for each set */
};

/* The words of a native stack that was just walked, with these frames of its only language. NULL:
 * the language's frames are not known by such words, or there is no memory. The caller must hold
 * the capture lock. */
struct frame_words *frame_words_make(struct arena *arena, const struct walk *walk,
				     const struct interpreter *language, uint8_t number,
				     const struct language_frame *frames, int count);

/* Keeps that stack was found for the words of the calling thread's stack at sp. moves: the
 * language's count before it was found. */
void frame_words_keep(struct frame_words *words, uintptr_t sp, uint64_t moves, uint32_t asked,
		      struct captured stack);

static inline bool frame_words_equal(const struct frame_words *words, uint32_t set, uintptr_t sp)
{
	const _Atomic uintptr_t *values = words->values + (size_t)set * words->count;

	for (uint32_t i = 0; i < words->count; i += FRAME_WORDS_BLOCK) {
		uintptr_t differ = 0;

#ifdef __clang__
#pragma unroll 4
#else
#pragma GCC unroll 4
#endif
		for (uint32_t j = i; j < i + FRAME_WORDS_BLOCK; j++) {
			uintptr_t word;

			memcpy(&word, (const char *)sp + words->offsets[j], sizeof(word));
			differ |= word ^ atomic_load_explicit(&values[j], memory_order_relaxed);
		}
		if (differ)
			return false;
	}
	return true;
}

/* The merged stack of the calling thread, whose native stack at sp has these words; STACK_NONE: not
 * known. */
static inline struct captured frame_words_find(const struct frame_words *words, uintptr_t sp,
					       uint64_t moves, uint32_t asked)
{
	for (uint32_t set = 0; set < FRAME_WORDS_KNOWN; set++) {
		const struct known_words *known = &words->known[set];
		uint32_t number = atomic_load_explicit(&known->number, memory_order_acquire);
		struct captured stack;

		if (atomic_load_explicit(&known->moves, memory_order_relaxed) != moves ||
		    atomic_load_explicit(&known->asked, memory_order_relaxed) != asked ||
		    number & 1 || !frame_words_equal(words, set, sp))
			continue;
		stack.stack = atomic_load_explicit(&known->stack, memory_order_relaxed);
		stack.figures = atomic_load_explicit(&known->figures, memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&known->number, memory_order_relaxed) == number)
			return stack;
	}
	return (struct captured){.stack = STACK_NONE};
}
