// SPDX-License-Identifier: MIT
/*
 * Decodes as much of an x86-64 instruction as is needed to follow a function's stack pointer: its
 * length, where execution may go next, and its effect on rsp and rbp. Called by code_flow.c. The
 * tables are those of the Intel 64 manual, volume 2, appendix A.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum instruction_way {
	WAY_ON,     /* to the next one */
	WAY_CALL,   /* a call, which returns to the next one; has a target if direct */
	WAY_BRANCH, /* to target, or to the next one */
	WAY_JUMP,   /* to target */
	WAY_END,    /* the bytes don't tell where: a return, an indirect jump, a trap */
};

enum instruction_stack {
	STACK_SAME,
	STACK_MOVES,   /* rsp -= amount */
	STACK_PUSH_FP, /* push rbp */
	STACK_POP_FP,  /* pop rbp */
	STACK_SAVE_FP, /* mov [rsp + amount], rbp */
	STACK_LOAD_FP, /* mov rbp, [rsp + amount] */
	STACK_SET_FP,  /* mov rbp, rsp */
	STACK_FROM_FP, /* rsp = rbp - amount */
	STACK_LEAVE,   /* rsp = rbp; pop rbp */
	STACK_NO_FP,   /* rbp = 0 */
	STACK_UNKNOWN, /* the bytes don't tell what rsp becomes */
};

struct instruction {
	size_t length;
	enum instruction_way way;
	bool direct; /* target is known */
	bool away;   /* WAY_END: an indirect jump */
	bool syscall;
	int64_t target; /* relative to this instruction's beginning */
	enum instruction_stack stack;
	int64_t amount;
};

/* Decodes the instruction at code, of which size bytes are readable. False: it isn't an
 * instruction, or is cut off. */
bool x86_decode(const uint8_t *code, size_t size, struct instruction *instruction);

/* Reads a displacement of four bytes. */
static inline int32_t x86_displacement(const uint8_t *bytes)
{
	int32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}
