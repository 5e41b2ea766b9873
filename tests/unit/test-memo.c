// SPDX-License-Identifier: MIT
/* The memo: a stack is found by all of its words, and by no others. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/core/capture/memo_find.h"

enum { MOST_WORDS = 13, OTHERS = 4, PC = 0x2000, PAGE = 4096 };

static struct memo memo;
static struct walk walk;

static int set_up(void **state)
{
	(void)state;
	return memo_init(&memo) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&memo.arena);
	return 0;
}

static void add_read(const void *address, uintptr_t value, uint8_t flags)
{
	walk.reads[walk.read_count++] =
		(struct logged_read){.address = (uintptr_t)address, .value = value, .flags = flags};
}

static void begin(uintptr_t pc, const void *sp)
{
	walk.registers = (struct registers){.pc = pc, .sp = (uintptr_t)sp};
	walk.repeatable = true;
	walk.read_count = 0;
}

static uint32_t found(struct stack_bounds bounds)
{
	return memo_find(&memo, walk.registers, &bounds).stack;
}

/* A walk that reads count words; the word at place has another value. */
static void make_walk(uintptr_t *words, uint32_t count, uint32_t place, uintptr_t word)
{
	begin(PC + count, words);
	for (uint32_t i = 0; i < count; i++) {
		words[i] = i == place ? word : 0x1000 + i;
		add_read(&words[i], words[i], 0);
	}
}

/* All walks that differ from the first one in a word, beginning with the last words or with the
 * first ones. */
static void visit(uint32_t count, bool backwards, bool known)
{
	uintptr_t words[MOST_WORDS];
	uint32_t id = STACK_FIRST + count * 1000;

	make_walk(words, count, count, 0);
	assert_int_equal(found((struct stack_bounds){0}), known ? id : STACK_NONE);
	memo_keep(&memo, &walk, (struct captured){.stack = id});
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t other = 0; other < OTHERS; other++) {
			uint32_t place = backwards ? count - 1 - i : i;

			id++;
			make_walk(words, count, place, 0x3000 + other);
			assert_int_equal(found((struct stack_bounds){0}), known ? id : STACK_NONE);
			memo_keep(&memo, &walk, (struct captured){.stack = id});
			assert_int_equal(found((struct stack_bounds){0}), id);
		}
}

static void every_word_of_a_known_stack_counts(void **state)
{
	(void)state;
	for (int backwards = 0; backwards < 2; backwards++) {
		memo_forget(&memo);
		for (int known = 0; known < 2; known++)
			for (uint32_t count = 0; count <= MOST_WORDS; count++)
				visit(count, backwards, known);
	}
}

static void a_walk_that_can_not_be_repeated_is_not_kept(void **state)
{
	uintptr_t words[MOST_WORDS];

	(void)state;
	make_walk(words, 3, 3, 0);
	walk.repeatable = false;
	memo_keep(&memo, &walk, (struct captured){.stack = STACK_FIRST});
	assert_int_equal(found((struct stack_bounds){0}), STACK_NONE);
}

static void words_that_are_places_on_the_stack_move_with_it(void **state)
{
	uintptr_t stacks[2][4];

	(void)state;
	for (int i = 0; i < 2; i++) {
		stacks[i][0] = (uintptr_t)&stacks[i][2];
		begin(PC, stacks[i]);
		add_read(&stacks[i][0], stacks[i][0], READ_RELATIVE);
		assert_int_equal(found((struct stack_bounds){0}), i ? STACK_FIRST : STACK_NONE);
		memo_keep(&memo, &walk, (struct captured){.stack = STACK_FIRST});
	}
	stacks[1][0] = stacks[0][0];
	assert_int_equal(found((struct stack_bounds){0}), STACK_NONE);
}

/* Three pages of a stack. */
static char *map_stack(void)
{
	char *stack =
		mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(stack != MAP_FAILED);
	return stack;
}

static void a_word_that_a_frame_pointer_led_to_is_read_only_where_there_is_one(void **state)
{
	char *stack = map_stack();

	(void)state;
	begin(PC, stack);
	add_read(stack + PAGE, 0, READ_CHECKED);
	memo_keep(&memo, &walk, (struct captured){.stack = STACK_FIRST});
	assert_int_equal(found((struct stack_bounds){0}), STACK_FIRST);
	/* As if another thread's stack ended here. */
	assert_int_equal(mprotect(stack + PAGE, PAGE, PROT_NONE), 0);
	assert_int_equal(found((struct stack_bounds){0}), STACK_NONE);
	munmap(stack, 3 * PAGE);
}

static void memory_between_two_parts_of_a_stack_has_to_exist(void **state)
{
	char *stack = map_stack();
	struct stack_bounds last = {(uintptr_t)stack + 2 * PAGE, (uintptr_t)stack + 3 * PAGE};

	(void)state;
	begin(PC, stack);
	add_read(stack + 2 * PAGE, 0, READ_CHECKED);
	memo_keep(&memo, &walk, (struct captured){.stack = STACK_FIRST});
	assert_int_equal(found(last), STACK_FIRST);
	assert_int_equal(mprotect(stack + PAGE, PAGE, PROT_NONE), 0);
	assert_int_equal(found(last), STACK_NONE);
	munmap(stack, 3 * PAGE);
}

enum { RECORDS = 11, RECORD_WORDS = 2 * RECORDS + 2 };

/* A stack of frame records: each has the next one's address and a return address. Before the first
 * one is a word that no frame pointer led to. */
static void make_records(uintptr_t *words)
{
	begin(PC, words);
	walk.registers.fp = (uintptr_t)&words[1];
	words[0] = 7;
	add_read(&words[0], words[0], 0);
	add_read(NULL, walk.registers.fp, READ_FP | READ_RELATIVE);
	for (int i = 1; i < 2 * RECORDS; i += 2) {
		words[i] = (uintptr_t)&words[i + 2];
		words[i + 1] = 0x1000 + (uintptr_t)i;
		add_read(&words[i], words[i], READ_CHECKED | READ_RELATIVE);
		add_read(&words[i + 1], words[i + 1], READ_CHECKED);
	}
}

static void every_word_of_a_chain_of_frame_records_counts(void **state)
{
	uintptr_t stacks[2][RECORD_WORDS] = {0};

	(void)state;
	make_records(stacks[0]);
	memo_keep(&memo, &walk, (struct captured){.stack = STACK_FIRST});
	for (int i = 0; i < 2; i++) {
		uintptr_t *words = stacks[i];
		struct stack_bounds bounds = {(uintptr_t)words, (uintptr_t)(words + RECORD_WORDS)};

		make_records(words);
		assert_int_equal(found(bounds), STACK_FIRST);
		for (int at = 0; at <= 2 * RECORDS; at++) {
			bool branch = i && at == RECORDS - 1; /* see below */

			words[at] ^= 8;
			assert_int_equal(found(bounds), branch ? STACK_FIRST + 1 : STACK_NONE);
			words[at] ^= 8;
		}
		walk.registers.fp += 8;
		assert_int_equal(found(bounds), STACK_NONE);
		walk.registers.fp -= 8;
		/* A stack that differs is a branch, and the first one is found all the same. */
		make_records(words);
		words[RECORDS - 1] ^= 8;
		walk.reads[RECORDS].value = words[RECORDS - 1];
		memo_keep(&memo, &walk, (struct captured){.stack = STACK_FIRST + 1});
		assert_int_equal(found(bounds), STACK_FIRST + 1);
		words[RECORDS - 1] ^= 8;
		assert_int_equal(found(bounds), STACK_FIRST);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function)                                                                      \
	{.name = title, .test_func = function, .setup_func = set_up, .teardown_func = tear_down}
		TEST("every word of a known stack counts", every_word_of_a_known_stack_counts),
		TEST("a walk that can't be repeated is not kept",
		     a_walk_that_can_not_be_repeated_is_not_kept),
		TEST("words that are places on the stack move with it",
		     words_that_are_places_on_the_stack_move_with_it),
		TEST("a word that a frame pointer led to is read only where there is one",
		     a_word_that_a_frame_pointer_led_to_is_read_only_where_there_is_one),
		TEST("memory between two parts of a stack has to exist",
		     memory_between_two_parts_of_a_stack_has_to_exist),
		TEST("every word of a chain of frame records counts",
		     every_word_of_a_chain_of_frame_records_counts),
	};

	return cmocka_run_group_tests_name("memo", tests, NULL, NULL);
}
