// SPDX-License-Identifier: MIT
/* See walk_memo.h. */
#include "walk_memo.h"

#include <string.h>

#include "remote_memory.h"

static struct kept_walk *place_of(struct walk_memo *memo, const struct walk_start *start)
{
	/* One instruction makes all system calls of a Go program, so the hash uses the stack
	 * pointer, too. Stacks of goroutines lie KiBs apart. */
	uintptr_t sp = start->sp >> 3, pc = start->pc;

	return &memo->walks[(sp ^ sp >> 6 ^ sp >> 12 ^ pc) % WALKS_KEPT];
}

static bool begins_so(const struct kept_walk *walk, const struct walk_start *start)
{
	const struct walk_start *kept = &walk->start;

	return kept->sp == start->sp && kept->pc == start->pc && kept->fp == start->fp &&
	       kept->go == start->go && kept->table == start->table &&
	       (kept->thread == 0 || kept->thread == start->thread);
}

uint32_t walk_memo_find(struct remote_memory *memory, const struct walk_start *start)
{
	struct kept_walk *walk = place_of(remote_memory_memo(memory), start);
	struct memory *words = remote_memory_walk(memory);
	uintptr_t value;

	if (!walk->count || !begins_so(walk, start))
		return 0;
	for (uint32_t i = 0; i < walk->count; i++)
		if (!words->read(words, walk->words[i].address, &value) ||
		    value != walk->words[i].value)
			return 0;
	return walk->stack;
}

void walk_memo_begin(struct remote_memory *memory, const struct walk_start *start)
{
	struct kept_walk *walk = place_of(remote_memory_memo(memory), start);

	walk->count = 0;
	remote_memory_note(memory, walk->words, WALK_WORDS);
}

void walk_memo_end(struct remote_memory *memory, const struct walk_start *start, uint32_t stack)
{
	struct walk_memo *memo = remote_memory_memo(memory);
	struct kept_walk *walk = place_of(memo, start);
	size_t count = remote_memory_noted(memory);

	if (!count || !stack)
		return;
	walk->start = *start;
	walk->start.thread = 0;
	for (size_t i = 0; i < count; i++)
		if (walk->words[i].address == start->thread - sizeof(uintptr_t))
			walk->start.thread = start->thread;
	walk->stack = stack;
	walk->count = (uint32_t)count;
	memo->used = true;
}

void walk_memo_clear(struct walk_memo *memo)
{
	for (size_t i = 0; memo->used && i < WALKS_KEPT; i++)
		memo->walks[i].count = 0;
	memo->used = false;
}
