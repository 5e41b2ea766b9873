// SPDX-License-Identifier: MIT
/*
 * The ledger, the stack table and the memo under many threads, for ThreadSanitizer: writers of
 * stacks and of the memo take turns, as under the capture lock; everything else runs at once. Every
 * answer is checked, too.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "preload/core/base/arena.h"
#include "preload/core/capture/memo_find.h"
#include "preload/core/ledger/ledger.h"

enum { THREADS = 8, ROUNDS = 20000, NUMBERS = 64, STACKS = 500, DEPTH = 6, WORDS = 64 };

static struct arena arena;
static struct ledger ledger;
static struct memo memo;
static pthread_mutex_t capture_lock = PTHREAD_MUTEX_INITIALIZER;

static void fail(const char *what)
{
	printf("wrong: %s\n", what);
	exit(1);
}

/* The frames of stack `which`; equal numbers are equal stacks. */
static void make_frames(uint32_t which, frame_t *frames)
{
	for (uint32_t i = 0; i < DEPTH; i++)
		frames[i] = FRAME_MAKE(1, 0x1000 * (which + 1) + i);
}

/* Makes a walk whose words are those of stack `which`. */
static void make_walk(struct walk *walk, uintptr_t *words, uint32_t which)
{
	walk->registers = (struct registers){.pc = 0x4000 + which % 7, .sp = (uintptr_t)words};
	walk->repeatable = true;
	walk->read_count = DEPTH;
	for (uint32_t i = 0; i < DEPTH; i++) {
		words[i * 3] = 0x10000 + which * (i + 1);
		walk->reads[i] = (struct logged_read){.address = (uintptr_t)&words[i * 3],
						      .value = words[i * 3]};
	}
}

static uint32_t take(uint32_t which)
{
	static struct walk walk; /* used only under the lock */
	uintptr_t words[WORDS] = {0};
	struct stack_bounds bounds = {0};
	frame_t frames[DEPTH];
	struct stack_view view;
	struct registers registers = {.pc = 0x4000 + which % 7, .sp = (uintptr_t)words};

	for (uint32_t i = 0; i < DEPTH; i++)
		words[i * 3] = 0x10000 + which * (i + 1);
	make_frames(which, frames);
	uint32_t stack = memo_find(&memo, registers, &bounds).stack;
	if (stack == STACK_NONE) {
		pthread_mutex_lock(&capture_lock);
		stack = stack_table_intern(&ledger.stacks, frames, DEPTH, STACK_COMPLETE);
		make_walk(&walk, words, which);
		memo_keep(&memo, &walk, (struct captured){.stack = stack});
		pthread_mutex_unlock(&capture_lock);
	}
	if (!stack_table_view(&ledger.stacks, stack, &view) || view.depth != DEPTH ||
	    view.frames[0] != frames[0] || view.frames[DEPTH - 1] != frames[DEPTH - 1])
		fail("a stack is another's");
	return stack;
}

static void *work(void *data)
{
	uint32_t state = (uint32_t)(uintptr_t)data * 2654435761u + 1;

	for (int i = 0; i < ROUNDS; i++) {
		struct ledger_entry entry = {.dup_of = LEDGER_NO_FD, .kind = FD_FILE};
		struct ledger_words words;
		struct closing_range range;

		state = state * 1664525 + 1013904223;
		int fd = (int)(state >> 8) % NUMBERS;
		switch (state >> 28) {
		case 0:
			ledger_set_owner(&ledger, fd, FD_OWNER_FILE);
			break;
		case 1:
			ledger_closing_range(&ledger, &range, (unsigned int)fd,
					     (unsigned int)fd + 3);
			ledger_still_open_range(&ledger, &range);
			break;
		case 2:
			if (ledger_read(&ledger, fd, &entry, &words))
				ledger_forget_if(&ledger, fd, words);
			break;
		case 3:
			if (ledger_count(&ledger) > NUMBERS)
				fail("there are more than were opened");
			break;
		case 4:
			ledger_closing_range(&ledger, &range, (unsigned int)fd, (unsigned int)fd);
			ledger_closed_range(&ledger, &range, take((state >> 4) % STACKS));
			break;
		case 5:
		case 6:
			if (ledger_closing(&ledger, fd))
				ledger_closed(&ledger, fd);
			break;
		default:
			entry.stack = take((state >> 4) % STACKS);
			entry.thread = (uint32_t)(uintptr_t)data;
			ledger_opened(&ledger, fd, &entry);
		}
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	if (!ledger_init(&ledger, &arena) || !closer_table_start(&ledger.closers) ||
	    !memo_init(&memo))
		return 2;
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i) != 0)
			return 2;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ledger_take_figures(&ledger);
	printf("%d threads, %d operations\n", THREADS, THREADS * ROUNDS);
	return 0;
}
