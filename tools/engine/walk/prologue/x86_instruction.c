// SPDX-License-Identifier: MIT
/* See x86_instruction.h. */
#include "x86_instruction.h"

#include <string.h>

#include "x86_form.h"

enum { LONGEST = 15, RSP = 4, RBP = 5 };

struct decoder {
	const uint8_t *code;
	size_t size, at;
	bool word, address32; /* prefixes 66 and 67 */
	uint8_t rex;
	uint8_t opcode, modrm;
	int64_t displacement, immediate;
	bool stack_base; /* the operand in memory is [rsp + displacement] */
	bool frame_base; /* .. [rbp + displacement] */
};

static bool take(struct decoder *decoder, size_t size, int64_t *value)
{
	uint64_t bits = 0;

	if (decoder->size - decoder->at < size)
		return false;
	memcpy(&bits, decoder->code + decoder->at, size);
	decoder->at += size;
	unsigned int unused = 64 - 8 * (unsigned int)size;
	*value = size ? (int64_t)(bits << unused) >> unused : 0;
	return true;
}

static bool take_byte(struct decoder *decoder, uint8_t *byte)
{
	if (decoder->at == decoder->size)
		return false;
	*byte = decoder->code[decoder->at++];
	return true;
}

static bool take_modrm(struct decoder *decoder)
{
	uint8_t scale_index_base = 0;
	size_t displacement;

	if (!take_byte(decoder, &decoder->modrm))
		return false;
	uint8_t mode = decoder->modrm >> 6, base = decoder->modrm & 7;
	if (mode == 3)
		return true;
	displacement = mode == 1 ? 1 : mode == 2 ? 4 : 0;
	bool indexed = base == 4;
	if (indexed) {
		if (!take_byte(decoder, &scale_index_base))
			return false;
		base = scale_index_base & 7;
	}
	if (mode == 0 && base == 5)
		displacement = 4;
	bool no_index = indexed && (scale_index_base >> 3 & 7) == 4 && !(decoder->rex & 2);
	decoder->stack_base = no_index && base == RSP && !(decoder->rex & 1);
	decoder->frame_base = mode != 0 && !indexed && base == RBP && !(decoder->rex & 1);
	return take(decoder, displacement, &decoder->displacement);
}

static bool take_operands(struct decoder *decoder, uint8_t form)
{
	bool wide = decoder->rex & 8;

	if (form & BAD || (form & MODRM && !take_modrm(decoder)))
		return false;
	if (form & GROUP3 && (decoder->modrm >> 3 & 7) < 2)
		form |= decoder->opcode & 1 ? IMMZ : IMM8;
	if (form & IMM16 && !take(decoder, 2, &decoder->immediate))
		return false;
	if (form & IMM8 && !take(decoder, 1, &decoder->immediate))
		return false;
	if (form & IMMZ && !take(decoder, decoder->word && !wide ? 2 : 4, &decoder->immediate))
		return false;
	if (form & IMMV && !take(decoder, wide ? 8 : decoder->word ? 2 : 4, &decoder->immediate))
		return false;
	return !(form & MOFFS) || take(decoder, decoder->address32 ? 4 : 8, &decoder->immediate);
}

static void go_to(struct instruction *instruction, enum instruction_way way, int64_t relative)
{
	instruction->way = way;
	instruction->direct = true;
	instruction->target = (int64_t)instruction->length + relative;
}

static void move_stack(struct instruction *instruction, int64_t amount)
{
	instruction->stack = STACK_MOVES;
	instruction->amount = amount;
}

/* Arithmetic and moves with rsp or rbp. */
static void judge_registers(const struct decoder *decoder, struct instruction *instruction)
{
	uint8_t mode = decoder->modrm >> 6, opcode = decoder->opcode;
	uint8_t reg = (uint8_t)((decoder->modrm >> 3 & 7) | (decoder->rex & 4 ? 8 : 0));
	uint8_t rm = (uint8_t)((decoder->modrm & 7) | (decoder->rex & 1 ? 8 : 0));
	bool to_rm = opcode == 0x89, to_reg = opcode == 0x8b;
	bool rm_is_stack = mode == 3 && rm == RSP;

	if ((to_rm && mode == 3 && rm == RBP && reg == RSP) ||
	    (to_reg && mode == 3 && reg == RBP && rm == RSP)) {
		instruction->stack = STACK_SET_FP;
	} else if ((to_rm || to_reg) && decoder->stack_base && reg == RBP && decoder->rex & 8) {
		instruction->stack = to_rm ? STACK_SAVE_FP : STACK_LOAD_FP;
		instruction->amount = decoder->displacement;
	} else if ((opcode == 0x31 || opcode == 0x33) && mode == 3 && reg == RBP && rm == RBP) {
		instruction->stack = STACK_NO_FP;
	} else if ((to_rm && rm_is_stack && reg == RBP) ||
		   (to_reg && mode == 3 && reg == RSP && rm == RBP)) {
		instruction->stack = STACK_FROM_FP;
	} else if ((opcode == 0x83 || opcode == 0x81) && rm_is_stack) {
		if (reg == 5)
			move_stack(instruction, decoder->immediate);
		else if (reg == 0)
			move_stack(instruction, -decoder->immediate);
		else if (reg != 7) /* not a comparison */
			instruction->stack = STACK_UNKNOWN;
	} else if (opcode == 0x8d && reg == RSP) {
		if (decoder->stack_base)
			move_stack(instruction, -decoder->displacement);
		else if (decoder->frame_base) {
			instruction->stack = STACK_FROM_FP;
			instruction->amount = -decoder->displacement;
		} else
			instruction->stack = STACK_UNKNOWN;
	} else if ((to_rm || opcode == 0x01 || opcode == 0x09 || opcode == 0x21 || opcode == 0x29 ||
		    opcode == 0x31 || opcode == 0x87 || opcode == 0xc7) &&
		   rm_is_stack) {
		instruction->stack = STACK_UNKNOWN;
	} else if ((to_reg || opcode == 0x03 || opcode == 0x0b || opcode == 0x23 ||
		    opcode == 0x2b || opcode == 0x33 || opcode == 0x63 || opcode == 0x87) &&
		   reg == RSP) {
		instruction->stack = STACK_UNKNOWN;
	}
}

static void judge_one_byte(const struct decoder *decoder, struct instruction *instruction)
{
	uint8_t opcode = decoder->opcode, group = decoder->modrm >> 3 & 7;
	int64_t slot = decoder->word ? 2 : 8;

	switch (opcode) {
	case 0x50 ... 0x57:
		move_stack(instruction, slot);
		if (opcode == 0x55 && !(decoder->rex & 1) && slot == 8)
			instruction->stack = STACK_PUSH_FP;
		return;
	case 0x58 ... 0x5f:
		move_stack(instruction, -slot);
		if (opcode == 0x5d && !(decoder->rex & 1) && slot == 8)
			instruction->stack = STACK_POP_FP;
		else if (opcode == 0x5c && !(decoder->rex & 1))
			instruction->stack = STACK_UNKNOWN;
		return;
	case 0x68:
	case 0x6a:
	case 0x9c:
		move_stack(instruction, slot);
		return;
	case 0x8f:
	case 0x9d:
		move_stack(instruction, -slot);
		return;
	case 0x70 ... 0x7f:
	case 0xe0 ... 0xe3:
		go_to(instruction, WAY_BRANCH, decoder->immediate);
		return;
	case 0xe8:
		go_to(instruction, WAY_CALL, decoder->immediate);
		return;
	case 0xe9:
	case 0xeb:
		go_to(instruction, WAY_JUMP, decoder->immediate);
		return;
	case 0xc2:
	case 0xc3:
	case 0xca:
	case 0xcb:
	case 0xcc:
	case 0xcf:
	case 0xf4:
		instruction->way = WAY_END;
		return;
	case 0xc8:
		instruction->stack = STACK_UNKNOWN;
		return;
	case 0xc9:
		instruction->stack = STACK_LEAVE;
		return;
	case 0x94: /* xchg rsp, rax */
		if (!(decoder->rex & 1))
			instruction->stack = STACK_UNKNOWN;
		return;
	case 0xff:
		if (group == 2 || group == 3) {
			instruction->way = WAY_CALL;
		} else if (group == 4 || group == 5) {
			instruction->way = WAY_END;
			instruction->away = true;
		} else if (group == 6) {
			move_stack(instruction, slot);
		}
		return;
	default:
		judge_registers(decoder, instruction);
	}
}

static void judge_two_bytes(const struct decoder *decoder, struct instruction *instruction)
{
	switch (decoder->opcode) {
	case 0x80 ... 0x8f:
		go_to(instruction, WAY_BRANCH, decoder->immediate);
		break;
	case 0x05:
		instruction->syscall = true;
		break;
	case 0x0b: /* ud2 */
	case 0xb9:
	case 0xff:
	case 0x07:
		instruction->way = WAY_END;
		break;
	case 0xa0:
	case 0xa8:
		move_stack(instruction, 8);
		break;
	case 0xa1:
	case 0xa9:
		move_stack(instruction, -8);
		break;
	default:
		break;
	}
}

static bool take_prefixes(struct decoder *decoder)
{
	for (; decoder->at < decoder->size; decoder->at++) {
		switch (decoder->code[decoder->at]) {
		case 0x66:
			decoder->word = true;
			continue;
		case 0x67:
			decoder->address32 = true;
			continue;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
		case 0xf0:
		case 0xf2:
		case 0xf3:
			continue;
		default:
			break;
		}
		break;
	}
	if (decoder->at < decoder->size && (decoder->code[decoder->at] & 0xf0) == 0x40)
		decoder->rex = decoder->code[decoder->at++];
	return take_byte(decoder, &decoder->opcode);
}

/* Decodes the rest of a vector instruction (after C4, C5 or 62). None of them changes rsp or
 * rbp. */
static bool decode_vector(struct decoder *decoder)
{
	uint8_t first, next, last, map = 1;
	bool long_form = decoder->opcode != 0xc5;

	if (!take_byte(decoder, &first) || (long_form && !take_byte(decoder, &next)) ||
	    (decoder->opcode == 0x62 && !take_byte(decoder, &last)))
		return false;
	if (long_form)
		map = first & (decoder->opcode == 0x62 ? 7 : 0x1f);
	decoder->rex = 0;
	return take_byte(decoder, &decoder->opcode) &&
	       take_operands(decoder, x86_form_vector(map, decoder->opcode));
}

bool x86_decode(const uint8_t *code, size_t size, struct instruction *instruction)
{
	struct decoder decoder = {.code = code, .size = size < LONGEST ? size : LONGEST};
	uint8_t escape = 0;
	bool good;

	memset(instruction, 0, sizeof(*instruction));
	if (!take_prefixes(&decoder))
		return false;
	if (decoder.opcode == 0xc4 || decoder.opcode == 0xc5 || decoder.opcode == 0x62) {
		good = decode_vector(&decoder);
		instruction->length = decoder.at;
		return good;
	}
	if (decoder.opcode != 0x0f) {
		good = take_operands(&decoder, x86_form_one_byte(decoder.opcode));
		instruction->length = decoder.at;
		if (good)
			judge_one_byte(&decoder, instruction);
		return good;
	}
	if (!take_byte(&decoder, &decoder.opcode))
		return false;
	if (decoder.opcode == 0x38 || decoder.opcode == 0x3a) {
		escape = decoder.opcode;
		good = take_byte(&decoder, &decoder.opcode) &&
		       take_operands(&decoder, escape == 0x38 ? MODRM : MODRM | IMM8);
	} else {
		good = take_operands(&decoder, x86_form_two_bytes(decoder.opcode));
	}
	instruction->length = decoder.at;
	if (good && !escape)
		judge_two_bytes(&decoder, instruction);
	return good;
}
