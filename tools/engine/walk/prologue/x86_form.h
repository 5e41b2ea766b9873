// SPDX-License-Identifier: MIT
/*
 * The operand bytes that follow an opcode of x86-64 (Intel 64 manual, volume 2, appendix A). Used
 * by x86_instruction.c.
 */
#pragma once

#include <stdint.h>

/* Bits that say which bytes follow an opcode. */
enum x86_form {
	NONE,
	MODRM = 1,
	IMM8 = 2,
	IMM16 = 4,
	IMMZ = 8,    /* 4 bytes, or 2 after a 66 prefix */
	IMMV = 16,   /* the same, or 8 with REX.W */
	MOFFS = 32,  /* 8 bytes, or 4 after a 67 prefix */
	GROUP3 = 64, /* an immediate for the first two of the group only */
	BAD = 128,
};

/* The form of an opcode, as bits of x86_form: of one byte, after 0F, and after a VEX or EVEX prefix
 * that names a map. Prefixes and escapes have no form. */
uint8_t x86_form_one_byte(uint8_t opcode);
uint8_t x86_form_two_bytes(uint8_t opcode);
uint8_t x86_form_vector(unsigned int map, uint8_t opcode);
