// SPDX-License-Identifier: MIT
/* Reads calls and jumps (Intel's manual, volume 2: CALL, JMP, ENDBR64). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	BRANCH_SIZE = 5, /* a direct call or jump: e8 or e9, and the distance */
	BRANCH_MARK = 4, /* endbr64 */
};

/* Whether code begins with the mark of functions that may be called through a pointer. */
static inline bool branch_is_marked(const uint8_t *code)
{
	return memcmp(code, "\xf3\x0f\x1e\xfa", BRANCH_MARK) == 0;
}

/* The code behind that mark, if there is one. */
static inline const uint8_t *branch_behind_mark(const uint8_t *code)
{
	return branch_is_marked(code) ? code + BRANCH_MARK : code;
}

/* The address that a distance at code, from behind it, leads to. */
static inline uintptr_t branch_at_distance(const uint8_t *code)
{
	int32_t distance;

	memcpy(&distance, code, sizeof(distance));
	return (uintptr_t)code + sizeof(distance) + (uintptr_t)(intptr_t)distance;
}

/* The function that the call (e8) or jump (e9) at code leads to; 0: it is none. */
static inline uintptr_t branch_target(const uint8_t *code)
{
	return *code == 0xe8 || *code == 0xe9 ? branch_at_distance(code + 1) : 0;
}
