// SPDX-License-Identifier: MIT
/* Unit tests of the capture lock's limits: what a walk does when it can't have the lock. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "preload/core/base/arena.h"
#include "preload/core/capture/capture.h"
#include "preload/core/ledger/ledger.h"

struct fixture {
	struct arena arena;
	struct ledger ledger;
	struct capture capture;
	struct stack_bounds bounds;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	assert_true(ledger_init(&fixture.ledger, &fixture.arena));
	assert_true(capture_init(&fixture.capture, &fixture.ledger, 16, "test-capture"));
	*state = &fixture;
	return 0;
}

static uint32_t take(struct fixture *fixture)
{
	const uintptr_t *record = __builtin_frame_address(0);
	struct registers registers = {record[1], (uintptr_t)(record + 2), record[0]};

	return capture_stack(&fixture->capture, registers, &fixture->bounds).stack;
}

/* Tickets of threads that don't exist. */
enum { WALKS = CAPTURE_WALKING | 400, FORKS = CAPTURE_FORKING | 800 };

static void a_walk_waits_for_the_locks_holder_but_not_for_ever(void **state)
{
	struct fixture *fixture = *state;

	atomic_store(&fixture->capture.lock, WALKS);
	assert_int_equal(take(fixture), STACK_NONE);
	assert_int_equal(atomic_load(&fixture->capture.given_up), WALKS);
	assert_int_equal(take(fixture), STACK_NONE);
	assert_int_equal(atomic_load(&fixture->ledger.stackless), 2);
	assert_int_equal(atomic_load(&fixture->capture.lock), WALKS);
	atomic_store(&fixture->capture.lock, CAPTURE_FREE);
	assert_true(take(fixture) >= STACK_FIRST);
	assert_int_equal(atomic_load(&fixture->ledger.stackless), 2);
}

static void no_stack_is_lost_because_a_fork_takes_long(void **state)
{
	struct fixture *fixture = *state;
	struct capture_hold fork, next;

	assert_true(capture_before_fork(&fixture->capture, &fork));
	assert_true(take(fixture) >= STACK_FIRST);
	assert_int_equal(atomic_load(&fixture->capture.lock), CAPTURE_FREE);
	/* A fork does not give back the lock if another fork has it now. */
	assert_true(capture_before_fork(&fixture->capture, &next));
	capture_after_fork(&fixture->capture, &fork);
	assert_int_equal(atomic_load(&fixture->capture.lock), next.ticket);
	capture_after_fork(&fixture->capture, &next);
	assert_int_equal(atomic_load(&fixture->capture.lock), CAPTURE_FREE);
	capture_after_fork(&fixture->capture, &next);
	assert_int_equal(next.ticket, CAPTURE_FREE);
}

static void two_forks_at_once_do_not_take_it_from_each_other(void **state)
{
	struct fixture *fixture = *state;
	struct capture_hold fork;

	atomic_store(&fixture->capture.lock, FORKS);
	assert_false(capture_before_fork(&fixture->capture, &fork));
	assert_int_equal(atomic_load(&fixture->capture.lock), FORKS);
	capture_after_fork(&fixture->capture, &fork);
	assert_int_equal(atomic_load(&fixture->capture.lock), FORKS);
}

static void the_next_walk_looks_for_a_library_that_was_closed_in_between(void **state)
{
	struct fixture *fixture = *state;

	capture_before_dlclose(&fixture->capture);
	atomic_store(&fixture->capture.lock, WALKS);
	atomic_store(&fixture->capture.given_up, WALKS);
	capture_after_dlclose(&fixture->capture);
	assert_int_equal(atomic_load(&fixture->capture.closers), 1);
	atomic_store(&fixture->capture.lock, CAPTURE_FREE);
	assert_true(take(fixture) >= STACK_FIRST);
	/* The counter of closers is back at 0, so walks use the memo again. */
	assert_int_equal(atomic_load(&fixture->capture.closers), 0);
}

static void a_memo_without_memory_left_knows_nothing_of_earlier_generations(void **state)
{
	static struct walk walk = {.registers = {.pc = 0x1000}, .repeatable = true};
	struct captured stack = {.stack = STACK_FIRST};
	struct stack_bounds bounds = {0};
	struct memo memo;

	(void)state;
	assert_true(memo_init(&memo));
	memo_keep(&memo, &walk, stack);
	assert_int_equal(memo_find(&memo, walk.registers, &bounds).stack, STACK_FIRST);
	memo.arena.limit = 1;
	/* More often than fits in the memo's last chunk of memory. */
	for (int i = 0; i < 1000; i++) {
		memo_forget(&memo);
		assert_int_equal(memo_find(&memo, walk.registers, &bounds).stack, STACK_NONE);
		memo_keep(&memo, &walk, stack);
	}
	arena_release(&memo.arena);
}

/* Makes walk one that has read these words and nothing else. */
static void read_words(struct walk *walk, uintptr_t pc, const uintptr_t *words, uint32_t count)
{
	walk->registers = (struct registers){.pc = pc, .sp = (uintptr_t)words};
	walk->repeatable = true;
	walk->read_count = count;
	for (uint32_t i = 0; i < count; i++)
		walk->reads[i] =
			(struct logged_read){.address = (uintptr_t)&words[i], .value = words[i]};
}

enum { MOST_WORDS = 9, OTHERS = 5 };

/* Makes walk one of count reads. The word at place differs from the base words; place == count:
 * none differs. */
static void make_walk(struct walk *walk, uintptr_t *words, uint32_t count, uint32_t place,
		      uintptr_t word)
{
	for (uint32_t i = 0; i < count; i++)
		words[i] = 0x1000 + i;
	if (place < count)
		words[place] = word;
	read_words(walk, 0x2000 + count, words, count);
}

/* If !known, checks that the memo doesn't know the walk and keeps it; if known, that it is found
 * as id. */
static void keep_or_find(struct memo *memo, const struct walk *walk, uint32_t id, bool known)
{
	struct stack_bounds bounds = {0};

	assert_int_equal(memo_find(memo, walk->registers, &bounds).stack, known ? id : STACK_NONE);
	if (!known)
		memo_keep(memo, walk, (struct captured){.stack = id});
}

static void a_stack_is_found_by_each_word_of_it_among_any_number_of_others(void **state)
{
	static struct walk walk;
	uintptr_t words[MOST_WORDS];
	struct memo memo;

	(void)state;
	assert_true(memo_init(&memo));
	for (int known = 0; known < 2; known++) {
		uint32_t id = STACK_FIRST;

		for (uint32_t count = 0; count <= MOST_WORDS; count++) {
			for (uint32_t place = 0; place < count; place++)
				for (uint32_t other = 0; other < OTHERS; other++) {
					make_walk(&walk, words, count, place, 0x3000 + other);
					keep_or_find(&memo, &walk, id++, known);
				}
			make_walk(&walk, words, count, count, 0);
			keep_or_find(&memo, &walk, id++, known);
		}
	}
	memo_forget(&memo);
	keep_or_find(&memo, &walk, STACK_FIRST, false);
	arena_release(&memo.arena);
}

static void return_addresses_that_share_a_place_are_told_apart(void **state)
{
	static struct walk walk = {.repeatable = true};
	struct memo memo;

	(void)state;
	assert_true(memo_init(&memo));
	for (int known = 0; known < 2; known++)
		for (uint32_t i = 0; i < 4 * MEMO_RECENT; i++) {
			walk.registers.pc = 0x400000 + i;
			keep_or_find(&memo, &walk, STACK_FIRST + i, known);
		}
	arena_release(&memo.arena);
}

static bool is(void *data, uint32_t stack)
{
	return stack == *(const uint32_t *)data;
}

static void a_memo_forgets_the_stacks_whose_code_is_gone_and_no_other(void **state)
{
	static struct walk walk;
	uintptr_t first[] = {1, 2, 3}, second[] = {1, 2, 4};
	struct captured stacks[] = {{.stack = 5}, {.stack = 6}, {.stack = 7}};
	struct stack_bounds bounds = {0};
	struct memo memo;
	uint32_t gone = 5;

	(void)state;
	assert_true(memo_init(&memo));
	read_words(&walk, 0x1000, first, 3);
	memo_keep(&memo, &walk, stacks[0]);
	read_words(&walk, 0x1000, second, 3);
	memo_keep(&memo, &walk, stacks[1]);
	memo_forget_stacks(&memo, is, &gone);
	assert_int_equal(memo_find(&memo, walk.registers, &bounds).stack, 6);
	read_words(&walk, 0x1000, first, 3);
	assert_int_equal(memo_find(&memo, walk.registers, &bounds).stack, STACK_NONE);

	/* The stack takes its old place again, so no memory is allocated. */
	size_t total = memo.arena.total;
	for (int i = 0; i < 100 * 1000; i++) {
		memo_keep(&memo, &walk, stacks[0]);
		assert_int_equal(memo_find(&memo, walk.registers, &bounds).stack, 5);
		memo_forget_stacks(&memo, is, &gone);
		assert_int_equal(memo_find(&memo, walk.registers, &bounds).stack, STACK_NONE);
	}
	assert_int_equal(memo.arena.total, total);

	/* Other code is mapped at the same place. Its walks end in another word ... */
	memo_keep(&memo, &walk, stacks[2]);
	assert_int_equal(memo_find(&memo, walk.registers, &bounds).stack, 7);
	/* ... or are shorter. Only stacks that were forgotten are lost, also those that lie
	 * after them in the tree. */
	gone = 7;
	memo_forget_stacks(&memo, is, &gone);
	read_words(&walk, 0x1000, first, 2);
	memo_keep(&memo, &walk, stacks[0]);
	assert_int_equal(memo_find(&memo, walk.registers, &bounds).stack, 5);
	/* A live stack is not replaced by a walk that contradicts it (its log reads on where the
	 * other ended). */
	read_words(&walk, 0x1000, first, 3);
	memo_keep(&memo, &walk, stacks[2]);
	assert_int_equal(memo_find(&memo, walk.registers, &bounds).stack, 5);
	arena_release(&memo.arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a stack is found by each word of it, among any number of others",
		 .test_func = a_stack_is_found_by_each_word_of_it_among_any_number_of_others},
		{.name = "return addresses that share a place in the memo are told apart",
		 .test_func = return_addresses_that_share_a_place_are_told_apart},
		{.name = "a memo forgets the stacks whose code is gone, and no other",
		 .test_func = a_memo_forgets_the_stacks_whose_code_is_gone_and_no_other},
		{.name = "a memo without memory left knows nothing of earlier generations",
		 .test_func = a_memo_without_memory_left_knows_nothing_of_earlier_generations},
		{.name = "a walk waits for the lock's holder, but not for ever",
		 .test_func = a_walk_waits_for_the_locks_holder_but_not_for_ever,
		 .setup_func = set_up},
		{.name = "no stack is lost because a fork takes long",
		 .test_func = no_stack_is_lost_because_a_fork_takes_long,
		 .setup_func = set_up},
		{.name = "two forks at once do not take the lock from each other",
		 .test_func = two_forks_at_once_do_not_take_it_from_each_other,
		 .setup_func = set_up},
		{.name = "the next walk looks for a library that was closed in between",
		 .test_func = the_next_walk_looks_for_a_library_that_was_closed_in_between,
		 .setup_func = set_up},
	};
	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
