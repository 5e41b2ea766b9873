// SPDX-License-Identifier: MIT
/*
 * Reads calls and jumps in x86-64 code (Intel's manual, volume 2: CALL, JMP, ENDBR64). Code of
 * other machines has none of them by these rules, but for chance.
 */
#pragma once

#include <stdint.h>
#include <string.h>

enum { X86_BRANCH_SIZE = 5 }; /* of a direct call or jump */

/* The code behind the mark of a function that may be called through a pointer, if it has one. */
static inline const uint8_t *x86_behind_mark(const uint8_t *code)
{
	static const uint8_t mark[] = {0xf3, 0x0f, 0x1e, 0xfa}; /* endbr64 */

	return memcmp(code, mark, sizeof(mark)) == 0 ? code + sizeof(mark) : code;
}

/* The address that a distance at code, from behind it, leads to. */
static inline uintptr_t x86_at_distance(const uint8_t *code)
{
	int32_t distance;

	memcpy(&distance, code, sizeof(distance));
	return (uintptr_t)code + sizeof(distance) + (uintptr_t)(intptr_t)distance;
}

/* The function that the call (e8) or jump (e9) at code leads to; 0: it is none. */
static inline uintptr_t x86_branch_target(const uint8_t *code)
{
	return *code == 0xe8 || *code == 0xe9 ? x86_at_distance(code + 1) : 0;
}
