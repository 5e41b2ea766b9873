// SPDX-License-Identifier: MIT
/*
 * Merges the native frames of a stack with those of a language that runs in some of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/stack_table.h"
#include "interpreter.h"

struct merge {
	/* The native frames, innermost first: as they are stored, the addresses of their code, and
	 * their stack pointers. */
	const frame_t *native;
	const uintptr_t *pcs, *sps;
	uint32_t native_count;
	enum stack_end native_end;
	/* The language's frames, innermost first, and as they are stored. */
	const struct language_frame *frames;
	const frame_t *names;
	uint32_t count;
	/* Whether an address is in the loop or the generated code of one of the languages. */
	bool (*is_loop)(void *data, uintptr_t pc);
	void *data;
};

/* Fills into with the merged stack, of at most room frames, and returns how many it has. end is
 * that of the native stack, and becomes that of the merged one. */
uint32_t merge_frames(const struct merge *merge, frame_t *into, uint32_t room, enum stack_end *end);
