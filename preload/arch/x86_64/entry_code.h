// SPDX-License-Identifier: MIT
/*
 * Instructions at the entry of functions: which may be moved, and jumps. Only those are known that
 * functions of libuv begin with (Intel's manual, volume 2, and its opcode maps). None of them
 * depends on its own address.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "branch.h"

enum {
	JUMP = BRANCH_SIZE,
	FAR_JUMP = 14,     /* ff 25 00 00 00 00, and the address */
	NEAR = 0x7ff00000, /* a jump reaches this far */
};

/* The length of an operand that ends an instruction: register, or memory at a register without an
 * index, with its distance. 0: another form. */
static inline size_t operand_length(uint8_t modrm)
{
	unsigned int mod = modrm >> 6, rm = modrm & 7;

	if (mod == 3)
		return 1;
	if (rm == 4 || mod == 0)
		return 0;
	return mod == 1 ? 2 : 5;
}

/* The length of the instruction, if it may be moved; else 0. */
static inline size_t movable_length(const uint8_t *code)
{
	size_t prefix = 0, operand;

	if (branch_is_marked(code))
		return BRANCH_MARK;
	if (code[prefix] == 0x66)
		prefix++;
	if ((code[prefix] & 0xf0) == 0x40)
		prefix++;
	const uint8_t *at = code + prefix;

	if ((at[0] & 0xf8) == 0x50) /* push */
		return prefix + 1;
	switch (at[0]) {
	case 0x25: /* and eax, immediate */
		return prefix + 5;
	case 0x31: /* xor, cmp, test, mov */
	case 0x33:
	case 0x39:
	case 0x3b:
	case 0x85:
	case 0x89:
	case 0x8b:
		operand = operand_length(at[1]);
		return operand ? prefix + 1 + operand : 0;
	case 0x83: /* sub, cmp and their like, with a byte */
		operand = operand_length(at[1]);
		return operand ? prefix + 2 + operand : 0;
	case 0xf6: /* test with a byte */
		operand = operand_length(at[1]);
		return operand && (at[1] >> 3 & 7) == 0 ? prefix + 2 + operand : 0;
	case 0x0f:
		if (at[1] == 0xb6 || at[1] == 0xb7 || at[1] == 0x6e || at[1] == 0x6c ||
		    at[1] == 0xef) { /* movzx, movq, punpcklqdq, pxor */
			operand = operand_length(at[2]);
			return operand ? prefix + 2 + operand : 0;
		}
		return 0;
	}
	/* mov of a constant of four bytes */
	return (at[0] & 0xf8) == 0xb8 && !prefix ? 5 : 0;
}

/* The target of the jump at code; 0: it isn't a jump. */
static inline uintptr_t jump_target(const uint8_t *code)
{
	return *code == 0xe9 ? branch_target(code) : 0;
}

static inline void put_jump(uint8_t jump[JUMP], uintptr_t from, uintptr_t to)
{
	int32_t distance = (int32_t)(to - (from + JUMP));

	jump[0] = 0xe9;
	memcpy(jump + 1, &distance, sizeof(distance));
}

static inline void put_far_jump(uint8_t *at, uintptr_t to)
{
	memcpy(at, "\xff\x25\0\0\0\0", 6);
	memcpy(at + 6, &to, sizeof(to));
}
