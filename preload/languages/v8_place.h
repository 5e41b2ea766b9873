// SPDX-License-Identifier: MIT
/*
 * Finds the place in the source where a frame of V8's is: for interpreted code by the bytecode's
 * offset, for compiled code by the return address. A function may be compiled into its caller, so
 * one frame of compiled code can stand for several functions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { V8_NO_POSITION = -1, V8_PLACES = 32 };

struct v8_place {
	uintptr_t shared; /* the function's SharedFunctionInfo */
	int32_t position; /* characters from the start of its script, or V8_NO_POSITION */
};

/* The place of an interpreted frame. offset is what the frame holds, counted from the tagged
 * address of the bytecodes. */
int32_t v8_bytecode_position(uintptr_t bytecodes, uint32_t offset);

/* The places of the frame of compiled code at fp whose call returns to pc, innermost first; at
 * least one and at most room, if the function shared is known to be the outermost. */
int v8_code_places(uintptr_t pc, uintptr_t fp, uintptr_t shared, struct v8_place *places, int room);
