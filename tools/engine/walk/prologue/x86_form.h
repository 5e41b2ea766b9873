// SPDX-License-Identifier: MIT
/*
 * What follows an opcode of x86-64: the Intel 64 manual, volume 2, appendix A, as tables. Used by
 * x86_instruction.c.
 */
#pragma once

#include <stdint.h>

/* What follows an opcode. */
enum x86_form {
	NONE,
	MODRM = 1,
	IMM8 = 2,
	IMM16 = 4,
	IMMZ = 8,    /* 4 bytes, or 2 behind a 66 prefix */
	IMMV = 16,   /* the same, or 8 with REX.W */
	MOFFS = 32,  /* 8 bytes, or 4 behind a 67 prefix */
	GROUP3 = 64, /* an immediate for the first two of the group only */
	BAD = 128,
};

/* The form of an opcode alone, behind 0F, and behind a VEX or EVEX prefix that names a map: bits of
 * x86_form. Prefixes and escapes have no form. */
uint8_t x86_form_one_byte(uint8_t opcode);
uint8_t x86_form_two_bytes(uint8_t opcode);
uint8_t x86_form_vector(unsigned int map, uint8_t opcode);
