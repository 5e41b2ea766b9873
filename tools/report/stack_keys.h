// SPDX-License-Identifier: MIT
/*
 * Stacks as numbers, by what a reader sees of them: two stacks have the same path when they run
 * through the same functions, files and lines, whatever the addresses are (an unrolled loop has
 * several for one line) and however often a recursion repeats a line. Where no line is known it is
 * the module and the offset in it that count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/model/model.h"

struct stack_keys;

/* A line of the program's own code in a stack. */
struct own_line {
	int line, function; /* equal numbers: the same line, the same function */
	const struct model_frame *frame;
	size_t location;
};

struct stack_key {
	int path;      /* of all lines, each once */
	int callers;   /* of the program's own functions outside the innermost, each once */
	int addresses; /* of the stack as this process has it */
	/* The program's own lines from the one to look at first outwards, each once; none: the
	 * stack has no frame of the program. Freed by stack_keys_destroy(). */
	struct own_line *own;
	size_t own_count;
};

/* by_path: of two snapshots one has lost its build-ids, and with them its lines: all is compared by
 * the modules' paths and offsets. */
struct stack_keys *stack_keys_create(bool by_path);
/* NULL is nothing. */
void stack_keys_destroy(struct stack_keys *keys);

/* Numbers a stack, with those of the goroutines that it descends from. Numbers from the same keys
 * can be compared, whichever snapshot the stack is from. */
struct stack_key stack_keys_of(struct stack_keys *keys, const struct model_stack *stack);
