// SPDX-License-Identifier: MIT
/* See x86_form.h. */
#include "x86_form.h"

uint8_t x86_form_one_byte(uint8_t opcode)
{
	if (opcode < 0x40) {
		uint8_t low = opcode & 7;

		return low < 4 ? MODRM : low == 4 ? IMM8 : low == 5 ? IMMZ : BAD;
	}
	if (opcode >= 0x50 && opcode < 0x60)
		return NONE;
	if (opcode >= 0x70 && opcode < 0x80)
		return IMM8;
	if (opcode >= 0xb0 && opcode < 0xb8)
		return IMM8;
	if (opcode >= 0xb8 && opcode < 0xc0)
		return IMMV;
	if (opcode >= 0xd8 && opcode < 0xe0)
		return MODRM;
	if (opcode >= 0xe0 && opcode < 0xe8)
		return IMM8;
	switch (opcode) {
	case 0x63:
	case 0x84 ... 0x8f:
	case 0xd0 ... 0xd3:
	case 0xfe:
	case 0xff:
		return MODRM;
	case 0x69:
	case 0x81:
	case 0xc7:
		return MODRM | IMMZ;
	case 0x6b:
	case 0x80:
	case 0x83:
	case 0xc0:
	case 0xc1:
	case 0xc6:
		return MODRM | IMM8;
	case 0x68:
	case 0xa9:
	case 0xe8:
	case 0xe9:
		return IMMZ;
	case 0x6a:
	case 0xa8:
	case 0xcd:
	case 0xeb:
		return IMM8;
	case 0xa0 ... 0xa3:
		return MOFFS;
	case 0xc2:
	case 0xca:
		return IMM16;
	case 0xc8:
		return IMM16 | IMM8;
	case 0xf6:
	case 0xf7:
		return MODRM | GROUP3;
	case 0x60 ... 0x62:
	case 0x82:
	case 0x9a:
	case 0xc4:
	case 0xc5:
	case 0xd4 ... 0xd6:
	case 0xea:
		return BAD;
	default:
		return NONE;
	}
}

uint8_t x86_form_two_bytes(uint8_t opcode)
{
	switch (opcode) {
	case 0x05 ... 0x09:
	case 0x0b:
	case 0x0e:
	case 0x30 ... 0x37:
	case 0x77:
	case 0xa0 ... 0xa2:
	case 0xa8 ... 0xaa:
	case 0xc8 ... 0xcf:
		return NONE;
	case 0x04:
	case 0x0a:
	case 0x0c:
	case 0x24 ... 0x27:
	case 0x39:
	case 0x3b ... 0x3f:
	case 0x7a:
	case 0x7b:
	case 0xa6:
	case 0xa7:
		return BAD;
	case 0x0f:
	case 0x70 ... 0x73:
	case 0xa4:
	case 0xac:
	case 0xba:
	case 0xc2:
	case 0xc4 ... 0xc6:
		return MODRM | IMM8;
	case 0x80 ... 0x8f:
		return IMMZ;
	default:
		return MODRM;
	}
}

/* Maps 1 to 3 of VEX and EVEX are the opcodes after 0F, 0F 38 and 0F 3A. */
uint8_t x86_form_vector(unsigned int map, uint8_t opcode)
{
	switch (map) {
	case 1:
		return x86_form_two_bytes(opcode);
	case 2:
	case 5:
	case 6:
		return MODRM;
	case 3:
		return MODRM | IMM8;
	default:
		return BAD;
	}
}
