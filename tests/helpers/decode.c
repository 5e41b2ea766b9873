// SPDX-License-Identifier: MIT
/*
 * Compares fdtrail's decoder of instructions with another one: reads lines "OFFSET LENGTH" about
 * the code in the given file from stdin, and prints those for which the decoder finds another
 * length. With "effects" it prints the effect of each instruction instead: "OFFSET WAY TARGET STACK
 * AMOUNT", with a dash if there is no target.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/engine/walk/prologue/x86_instruction.h"

static void print_effects(unsigned long offset, const struct instruction *instruction)
{
	static const char *const ways[] = {
		[WAY_ON] = "on",     [WAY_CALL] = "call", [WAY_BRANCH] = "branch",
		[WAY_JUMP] = "jump", [WAY_END] = "end",
	};
	static const char *const stacks[] = {
		[STACK_SAME] = "same",       [STACK_MOVES] = "moves",
		[STACK_PUSH_FP] = "push-fp", [STACK_SAVE_FP] = "save-fp",
		[STACK_LOAD_FP] = "load-fp", [STACK_POP_FP] = "pop-fp",
		[STACK_SET_FP] = "set-fp",   [STACK_FROM_FP] = "from-fp",
		[STACK_LEAVE] = "leave",     [STACK_NO_FP] = "no-fp",
		[STACK_UNKNOWN] = "unknown",
	};

	printf("%lx %s ", offset, ways[instruction->way]);
	if (instruction->direct)
		printf("%lx", offset + (unsigned long)instruction->target);
	else
		printf("-");
	printf(" %s %ld\n", stacks[instruction->stack], (long)instruction->amount);
}

int main(int argc, char **argv)
{
	struct instruction instruction;
	unsigned long offset, length, total = 0;
	static uint8_t code[64 * 1024 * 1024];
	FILE *file = argc >= 2 ? fopen(argv[1], "rb") : NULL;
	int effects = argc == 3 && strcmp(argv[2], "effects") == 0;

	if (!file) {
		fprintf(stderr, "usage: decode CODE [effects] < LINES\n");
		return 2;
	}
	size_t size = fread(code, 1, sizeof(code), file);
	fclose(file);
	for (; scanf("%lx %lu", &offset, &length) == 2; total++) {
		if (offset >= size)
			continue;
		if (!x86_decode(code + offset, size - offset, &instruction))
			printf("%lx: none, %lu bytes\n", offset, length);
		else if (effects)
			print_effects(offset, &instruction);
		else if (instruction.length != length)
			printf("%lx: %zu instead of %lu bytes\n", offset, instruction.length,
			       length);
	}
	fprintf(stderr, "%lu\n", total);
	return 0;
}
