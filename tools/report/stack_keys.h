// SPDX-License-Identifier: MIT
/*
 * Stacks as numbers, by what a reader sees of them. Two stacks have the same path if they run
 * through the same functions, files and lines. Addresses don't count (an unrolled loop has several
 * for one line), and neither does the number of times that a recursion repeats a line. If no line
 * is known, the module and the offset in it count.
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

/* Two keys with equal numbers have in common: */
struct stack_key {
	int path;      /* the lines, each counted once */
	int callers;   /* the program's own functions except the innermost, each once */
	int addresses; /* the addresses, as in this process */
	/* The program's own lines from the culprit outwards, each once; none if the stack has no
	 * frame of the program. Freed by stack_keys_destroy(). */
	struct own_line *own;
	size_t own_count;
};

/* by_path: compare by the modules' paths and offsets alone, because one of two snapshots has lost
 * its build-ids and with them its lines. */
struct stack_keys *stack_keys_create(bool by_path);
/* Does nothing for NULL. */
void stack_keys_destroy(struct stack_keys *keys);

/* Numbers a stack, including those of its ancestor goroutines. Keys from one struct stack_keys can
 * be compared, also across snapshots. */
struct stack_key stack_keys_of(struct stack_keys *keys, const struct model_stack *stack);

/* The number of own lines that all keys have in common, counted from the culprit outwards or, with
 * from_end, from the outermost line inwards. count: at least 1. */
size_t stack_keys_common(const struct stack_key *keys, size_t count, bool from_end);
