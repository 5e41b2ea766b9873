// SPDX-License-Identifier: MIT
/*
 * Holds the decoder of instructions against another: reads lines "OFFSET LENGTH" from stdin, of the
 * code in the file given, and prints those that the decoder finds another length for.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tools/engine/walk/prologue/x86_instruction.h"

int main(int argc, char **argv)
{
	struct instruction instruction;
	unsigned long offset, length, total = 0;
	static uint8_t code[64 * 1024 * 1024];
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

	if (!file) {
		fprintf(stderr, "usage: decode CODE < LINES\n");
		return 2;
	}
	size_t size = fread(code, 1, sizeof(code), file);
	fclose(file);
	for (; scanf("%lx %lu", &offset, &length) == 2; total++) {
		if (offset >= size)
			continue;
		if (!x86_decode(code + offset, size - offset, &instruction))
			printf("%lx: none, %lu bytes\n", offset, length);
		else if (instruction.length != length)
			printf("%lx: %zu instead of %lu bytes\n", offset, instruction.length,
			       length);
	}
	fprintf(stderr, "%lu\n", total);
	return 0;
}
