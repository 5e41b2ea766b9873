// SPDX-License-Identifier: MIT
/* Another process' memory, read for a walk: this one's own, by the same system call. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "ptrace/remote_memory.h"

enum {
	PAGE = 4096,
	PAGES = 1024, /* two addresses so many pages apart have one place in the cache */
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

/* Pages first, first + step, ...: what they hold changes before each walk. */
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

static void each_walk_reads_anew(void **state)
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

static void what_is_gone_is_not_read_and_the_rest_is(void **state)
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

/* What is read ahead ends with the stack; pages that are read with it come all the same. */
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

/* Before it has begun a walk. */
static void a_word_before_any_walk(void **state)
{
	const struct fixture *fixture = *state;

	*word(fixture, 3) = 7;
	expect(fixture, word(fixture, 3));
}

#define TEST(title, function)                                                                      \
	{                                                                                          \
		title, function, set_up, tear_down, NULL                                           \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("each walk reads anew what has changed", each_walk_reads_anew),
		TEST("a walk over more pages than are read at once",
		     more_pages_than_are_read_at_once),
		TEST("two pages with one place in the cache", two_pages_with_one_place),
		TEST("what is gone since the last walk is not read, and the rest is",
		     what_is_gone_is_not_read_and_the_rest_is),
		TEST("a stack that ends before what is read ahead", a_stack_that_ends_soon),
		TEST("no stack at all", no_stack_at_all),
		TEST("a word before any walk", a_word_before_any_walk),
	};

	return cmocka_run_group_tests_name("remote memory", tests, NULL, NULL);
}
