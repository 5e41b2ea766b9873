// SPDX-License-Identifier: MIT
/*
 * How to leave a function that has no unwind data, from its code alone: follows every path from the
 * function's first instruction, counting what is pushed, until it comes to the place where the
 * function is now. musl and busybox are built so. Called by code_rules.c, which knows where
 * functions may begin.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/capture/local_memory.h"

enum { CODE_FLOW_SIZE = 64 * 1024 }; /* most bytes that are looked at */

enum code_flow {
	FLOW_NOWHERE, /* no path leads to the place */
	FLOW_LOST,    /* one does, but what is on the stack is not known there */
	FLOW_RULE,    /* rule is filled in */
};

/* Code of size bytes, in which a function begins at the offset start and stands at place. The bytes
 * are the program's and may be anything. */
enum code_flow code_flow(const uint8_t *code, size_t size, size_t start, size_t place,
			 struct leave_rule *rule);

/* Whether the function that begins at start may end in a jump to another one: to where a register
 * or a word of memory says, or out of the code that is there. */
bool code_flow_jumps_away(const uint8_t *code, size_t size, size_t start);
