// SPDX-License-Identifier: MIT
/*
 * Finds the JavaScript frames of the calling thread. It runs in every open.
 */
#pragma once

#include "preload/core/capture/interpreter.h"

/* As frames() of struct interpreter. A frame's code is its function's SharedFunctionInfo, its stack
 * is its frame pointer, and at is made by v8_frame_at. */
int v8_walk(const struct registers *from, struct language_frame *frames, int room);

/* As words() of struct interpreter. */
int v8_words(uintptr_t pc, uintptr_t fp, int32_t offsets[INTERPRETER_WORDS]);

/* As matches() of struct interpreter. */
bool v8_matches(const struct registers *from, const struct language_frame *frames, int count);

/* Whether pc lies in code that V8 has generated. */
bool v8_is_generated(uintptr_t pc);

enum {
	V8_AT_INLINED = 56
}; /* these bits of at and above: 1 + the number of the inlined function,
			      * counted from the innermost; 0: at is the offset of a bytecode */

_Static_assert(V8_AT_INLINED > 47, "a pc is below that");
