// SPDX-License-Identifier: MIT
/*
 * Finds out from the code alone how to leave a function that has no unwind data, as in musl and
 * busybox. It follows every path from the function's first instruction, counting what is pushed,
 * until one comes to the place where the function is now. Called by code_rules.c, which knows where
 * functions may begin.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/capture/local_memory.h"

enum { CODE_FLOW_SIZE = 64 * 1024 }; /* the most bytes that are examined */

enum code_flow {
	FLOW_NOWHERE, /* no path leads to the place */
	FLOW_LOST,    /* a path does, but it doesn't tell where the return address is */
	FLOW_RULE,    /* a path does, and rule is filled in */
};

/* Follows the function that begins at offset start of the size bytes of code to the offset place.
 * The bytes are the program's, and may be anything. Not thread-safe, as the next. */
enum code_flow code_flow(const uint8_t *code, size_t size, size_t start, size_t place,
			 struct leave_rule *rule);

/* Whether the function that begins at offset start may end in a jump to another function: an
 * indirect jump, or one out of the code given. */
bool code_flow_jumps_away(const uint8_t *code, size_t size, size_t start);
