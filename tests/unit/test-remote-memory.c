// SPDX-License-Identifier: MIT
/* Reading another process' memory for a walk. The other process is this one here; the system
 * call is the same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "tools/engine/walk/remote_memory.h"

enum {
	PAGE = 4096,
	PAGES = 1024, /* two addresses this many pages apart share a place in the cache */
	MAPPED = PAGES + 16,
	WALKS = 3,
	PC = 0x401000,
};

struct fixture {
	char *base;
	struct remote_memory *memory;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture.base = mmap(NULL, (size_t)MAPPED * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fixture.memory = remote_memory_create(getpid());
	*state = &fixture;
	return fixture.base == MAP_FAILED || !fixture.memory ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	remote_memory_destroy(fixture->memory);
	return munmap(fixture->base, (size_t)MAPPED * PAGE);
}

static uintptr_t *word(const struct fixture *fixture, size_t page)
{
	return (uintptr_t *)(fixture->base + page * PAGE + 64);
}

static void begin(const struct fixture *fixture, const void *sp)
{
	remote_memory_begin(fixture->memory, PC, (uintptr_t)sp);
}

static bool reads(const struct fixture *fixture, const void *address, uintptr_t *value)
{
	struct memory *memory = remote_memory_walk(fixture->memory);

	return memory->read(memory, (uintptr_t)address, value);
}

static void expect(const struct fixture *fixture, const uintptr_t *address)
{
	uintptr_t value = ~*address;

	assert_true(reads(fixture, address, &value));
	assert_int_equal(value, *address);
}

/* Walks over pages first, first + step, ...; their contents change before each walk. */
static void walk_over(const struct fixture *fixture, size_t count, size_t step)
{
	for (uintptr_t walk = 1; walk <= WALKS; walk++) {
		for (size_t i = 0; i <= count; i++)
			*word(fixture, i * step) = walk << 32 | i;
		begin(fixture, word(fixture, 0));
		for (size_t i = 0; i <= count; i++)
			expect(fixture, word(fixture, i * step));
	}
}

static void each_walk_reads_again_what_has_changed(void **state)
{
	walk_over(*state, 4, 2);
}

static void more_pages_than_are_read_at_once(void **state)
{
	walk_over(*state, 15, 1);
}

static void two_pages_with_one_place(void **state)
{
	const struct fixture *fixture = *state;

	for (uintptr_t walk = 1; walk <= WALKS; walk++) {
		*word(fixture, 4) = walk;
		*word(fixture, 4 + PAGES) = ~walk;
		begin(fixture, word(fixture, 0));
		expect(fixture, word(fixture, 4));
		expect(fixture, word(fixture, 4 + PAGES));
		expect(fixture, word(fixture, 4));
	}
}

static void pages_that_are_gone_since_the_last_walk_are_not_read_and_the_rest_is(void **state)
{
	const struct fixture *fixture = *state;
	uintptr_t value;

	walk_over(fixture, 4, 2);
	assert_int_equal(munmap(fixture->base + (size_t)4 * PAGE, PAGE), 0);
	for (int walk = 0; walk < WALKS; walk++) {
		begin(fixture, word(fixture, 0));
		for (size_t page = 0; page <= 8; page += 2)
			if (page == 4)
				assert_false(reads(fixture, word(fixture, page), &value));
			else
				expect(fixture, word(fixture, page));
	}
}

/* Reading ahead stops where the stack ends; the pages that exist are delivered all the same. */
static void a_stack_that_ends_soon(void **state)
{
	const struct fixture *fixture = *state;
	uintptr_t *last = (uintptr_t *)(fixture->base + (size_t)8 * PAGE) - 1, value;

	assert_int_equal(munmap(fixture->base + (size_t)8 * PAGE, PAGE), 0);
	for (uintptr_t walk = 1; walk <= WALKS; walk++) {
		*last = walk;
		*word(fixture, 2) = walk << 8;
		begin(fixture, last - 3);
		expect(fixture, last);
		assert_false(reads(fixture, last + 1, &value));
		assert_false(reads(fixture, (char *)last + 1, &value));
		expect(fixture, word(fixture, 2));
	}
}

static void no_stack_at_all(void **state)
{
	const struct fixture *fixture = *state;
	uintptr_t value;

	for (uintptr_t walk = 1; walk <= WALKS; walk++) {
		*word(fixture, 2) = walk;
		begin(fixture, NULL);
		assert_false(reads(fixture, NULL, &value));
		expect(fixture, word(fixture, 2));
	}
}

/* A word is read before any walk has begun. */
static void a_word_before_any_walk(void **state)
{
	const struct fixture *fixture = *state;

	*word(fixture, 3) = 7;
	expect(fixture, word(fixture, 3));
}

/* Walks that are remembered */

enum { STACK = 7 };

static const struct walk_start start = {.pc = PC, .fp = 2, .go = 3, .thread = 1 << 20, .table = 1};

/* Walks over a word in each of three pages. */
static void remember(const struct fixture *fixture, const struct walk_start *from)
{
	uintptr_t value;

	begin(fixture, word(fixture, 0));
	walk_memo_begin(fixture->memory, from);
	for (size_t page = 0; page < 6; page += 2)
		assert_true(reads(fixture, word(fixture, page), &value));
	walk_memo_end(fixture->memory, from, STACK);
}

static uint32_t remembered(const struct fixture *fixture, const struct walk_start *from)
{
	begin(fixture, word(fixture, 0));
	return walk_memo_find(fixture->memory, from);
}

static void the_same_walk_is_the_same_stack(void **state)
{
	const struct fixture *fixture = *state;

	assert_int_equal(remembered(fixture, &start), 0);
	remember(fixture, &start);
	/* These words were not read by the walk, so they don't count. */
	for (uintptr_t walk = 1; walk <= WALKS; walk++) {
		word(fixture, 0)[1] = *word(fixture, 3) = walk;
		assert_int_equal(remembered(fixture, &start), STACK);
	}
}

static void each_word_that_was_read_counts(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t page = 0; page < 6; page += 2) {
		remember(fixture, &start);
		++*word(fixture, page);
		assert_int_equal(remembered(fixture, &start), 0);
		--*word(fixture, page);
		assert_int_equal(remembered(fixture, &start), STACK);
	}
	remember(fixture, &start);
	assert_int_equal(munmap(fixture->base + (size_t)4 * PAGE, PAGE), 0);
	assert_int_equal(remembered(fixture, &start), 0);
}

static void each_register_and_the_table_count(void **state)
{
	const struct fixture *fixture = *state;
	struct walk_start other = start;
	uintptr_t *const counts[] = {&other.pc, &other.sp, &other.fp, &other.go, &other.table};

	remember(fixture, &start);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		++*counts[i];
		assert_int_equal(remembered(fixture, &other), 0);
		--*counts[i];
	}
	other.thread++;
	assert_int_equal(remembered(fixture, &other), STACK);
}

static void the_thread_counts_where_its_word_was_read(void **state)
{
	const struct fixture *fixture = *state;
	struct walk_start from = start;

	from.thread = (uintptr_t)(word(fixture, 2) + 1);
	remember(fixture, &from);
	assert_int_equal(remembered(fixture, &from), STACK);
	from.thread += 64;
	assert_int_equal(remembered(fixture, &from), 0);
}

static void a_walk_that_failed_to_read_is_not_remembered(void **state)
{
	const struct fixture *fixture = *state;
	uintptr_t value;

	begin(fixture, word(fixture, 0));
	walk_memo_begin(fixture->memory, &start);
	assert_true(reads(fixture, word(fixture, 0), &value));
	assert_false(reads(fixture, NULL, &value));
	assert_true(reads(fixture, word(fixture, 2), &value));
	walk_memo_end(fixture->memory, &start, STACK);
	assert_int_equal(remembered(fixture, &start), 0);
}

static void a_walk_over_too_many_words_is_not_remembered(void **state)
{
	const struct fixture *fixture = *state;
	uintptr_t value;

	for (size_t count = WALK_WORDS; count <= WALK_WORDS + 2; count++) {
		begin(fixture, word(fixture, 0));
		walk_memo_begin(fixture->memory, &start);
		for (size_t i = 0; i < count; i++)
			assert_true(reads(fixture, word(fixture, 0) + i, &value));
		walk_memo_end(fixture->memory, &start, STACK);
		assert_int_equal(remembered(fixture, &start), count == WALK_WORDS ? STACK : 0);
	}
}

static void a_stack_that_was_forgotten_is_walked_again(void **state)
{
	const struct fixture *fixture = *state;

	remember(fixture, &start);
	remote_memory_forget(fixture->memory);
	assert_int_equal(remembered(fixture, &start), 0);
	remember(fixture, &start);
	assert_int_equal(remembered(fixture, &start), STACK);
	/* A walk that ends without a stack leaves nothing in the memo. */
	begin(fixture, word(fixture, 0));
	walk_memo_begin(fixture->memory, &start);
	walk_memo_end(fixture->memory, &start, 0);
	assert_int_equal(remembered(fixture, &start), 0);
}

#define TEST(title, function)                                                                      \
	{                                                                                          \
		title, function, set_up, tear_down, NULL                                           \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("each walk reads again what has changed",
		     each_walk_reads_again_what_has_changed),
		TEST("a walk over more pages than are read at once",
		     more_pages_than_are_read_at_once),
		TEST("two pages with one place in the cache", two_pages_with_one_place),
		TEST("pages that are gone since the last walk are not read, and the rest is",
		     pages_that_are_gone_since_the_last_walk_are_not_read_and_the_rest_is),
		TEST("a stack that ends before what is read ahead", a_stack_that_ends_soon),
		TEST("no stack at all", no_stack_at_all),
		TEST("a word before any walk", a_word_before_any_walk),
		TEST("the same registers and words: the same stack",
		     the_same_walk_is_the_same_stack),
		TEST("each word that was read counts", each_word_that_was_read_counts),
		TEST("each register and the table count", each_register_and_the_table_count),
		TEST("the thread counts where the word before it was read",
		     the_thread_counts_where_its_word_was_read),
		TEST("a walk that failed to read is not remembered",
		     a_walk_that_failed_to_read_is_not_remembered),
		TEST("a walk over too many words is not remembered",
		     a_walk_over_too_many_words_is_not_remembered),
		TEST("a stack that was forgotten is walked again",
		     a_stack_that_was_forgotten_is_walked_again),
	};

	return cmocka_run_group_tests_name("remote memory", tests, NULL, NULL);
}
