// SPDX-License-Identifier: MIT
/*
 * A memo of stack walks, so that the same stack isn't walked twice. The result of a walk depends
 * only on the registers that it begins with and on the words that it reads: if both are the same,
 * so is the stack. Words of an object's constant parts don't change and are not compared. A
 * server's loop that accepts connections reads the same words each time, provided that walks read
 * no word that they don't need (goroutine.c).
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
	WALK_WORDS = 96, /* a walk that reads more is not remembered */
	WALKS_KEPT = 64,
};

_Static_assert((WALKS_KEPT & (WALKS_KEPT - 1)) == 0, "a hash is cut to its last bits");

/* The registers that a walk begins with. */
struct walk_start {
	uintptr_t pc, sp, fp;
	uintptr_t go;     /* r14, Go's pointer to the goroutine; 0 in other programs */
	uintptr_t thread; /* fs_base; the word before it has the goroutine */
	uint64_t table;   /* serial of the fd table whose stack ids these are (fd_table.h) */
};

struct walk_memo {
	bool used; /* false: all are empty */
	struct kept_walk {
		struct walk_start start; /* thread 0: any thread */
		uint32_t stack;
		uint32_t count; /* number of words; 0: empty */
		struct remote_word words[WALK_WORDS];
	} walks[WALKS_KEPT];
};

struct remote_memory;

/* The id of the stack that a walk from start would find, or 0 (STACK_NONE): it has to be walked.
 * Call remote_memory_begin() before. */
uint32_t walk_memo_find(struct remote_memory *memory, const struct walk_start *start);

/* Call begin before a walk from start, and end after it, with the id that the walk found; 0: don't
 * remember it. */
void walk_memo_begin(struct remote_memory *memory, const struct walk_start *start);
void walk_memo_end(struct remote_memory *memory, const struct walk_start *start, uint32_t stack);

/* Forgets all. */
void walk_memo_clear(struct walk_memo *memo);
