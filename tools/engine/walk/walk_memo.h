// SPDX-License-Identifier: MIT
/*
 * Stacks that have been walked, so that they need not be walked again. A walk is a function of the
 * registers that it begins with and of the words that it reads: where both are what they were, so
 * is the stack. Only words that may change count, and those of an object's constant parts don't. A
 * server's loop that accepts connections has the same ones each time; so that it has, a walk reads
 * no word that it can do without (goroutine.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A word of the traced program's memory. */
struct remote_word {
	uintptr_t address, value;
};

enum {
	WALK_WORDS = 96, /* more than that a remembered walk has not read */
	WALKS_KEPT = 64,
};

_Static_assert((WALKS_KEPT & (WALKS_KEPT - 1)) == 0, "a hash is cut to its last bits");

/* What a walk begins with. */
struct walk_start {
	uintptr_t pc, sp, fp;
	uintptr_t go;     /* r14, where Go keeps its goroutine; 0 in other programs */
	uintptr_t thread; /* fs_base, with the goroutine in the word before it */
	uint64_t table;   /* whose stacks are numbered: its serial (fd_table.h) */
};

struct walk_memo {
	bool used; /* false: all are empty */
	struct kept_walk {
		struct walk_start start; /* thread 0: it does not matter */
		uint32_t stack;
		uint32_t count; /* of words; 0: empty */
		struct remote_word words[WALK_WORDS];
	} walks[WALKS_KEPT];
};

struct remote_memory;

/* The number of the stack that a walk from there would find, or 0 (STACK_NONE): it has to be
 * walked. remote_memory_begin() has been called. */
uint32_t walk_memo_find(struct remote_memory *memory, const struct walk_start *start);

/* Around a walk from there: begin, and what it has found; 0: it is not to be remembered. */
void walk_memo_begin(struct remote_memory *memory, const struct walk_start *start);
void walk_memo_end(struct remote_memory *memory, const struct walk_start *start, uint32_t stack);

/* Forgets all. */
void walk_memo_clear(struct walk_memo *memo);
