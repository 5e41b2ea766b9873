// SPDX-License-Identifier: MIT
/*
 * As much of an x86-64 instruction as it takes to follow a function's stack pointer: how long it
 * is, where it may go next, and what it does to rsp and rbp. Called by code_flow.c. The tables are
 * those of the Intel 64 manual, volume 2, appendix A.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum instruction_way {
	WAY_ON,     /* to the next one */
	WAY_CALL,   /* away, and back to the next one; target when direct */
	WAY_BRANCH, /* to target, or on */
	WAY_JUMP,   /* to target */
	WAY_END,    /* nowhere that the bytes tell: a return, an indirect jump, a trap */
};

enum instruction_stack {
	STACK_SAME,
	STACK_MOVES,   /* rsp -= amount */
	STACK_PUSH_FP, /* push rbp */
	STACK_POP_FP,  /* pop rbp */
	STACK_SET_FP,  /* mov rbp, rsp */
	STACK_FROM_FP, /* rsp = rbp - amount */
	STACK_LEAVE,   /* rsp = rbp; pop rbp */
	STACK_NO_FP,   /* rbp = 0 */
	STACK_UNKNOWN, /* rsp becomes what the bytes don't tell */
};

struct instruction {
	size_t length;
	enum instruction_way way;
	bool direct; /* target is known */
	bool away;   /* WAY_END: by a jump, not a return */
	bool syscall;
	int64_t target; /* relative to this instruction's beginning */
	enum instruction_stack stack;
	int64_t amount;
};

/* Decodes the instruction at code, of which size bytes are there. False: it is none, or not whole.
 */
bool x86_decode(const uint8_t *code, size_t size, struct instruction *instruction);

/* The four bytes of an instruction that say how far away something is. */
static inline int32_t x86_displacement(const uint8_t *bytes)
{
	int32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}
