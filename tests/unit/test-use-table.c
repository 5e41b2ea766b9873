// SPDX-License-Identifier: MIT
/* The stacks that last used descriptors: preload/core/ledger/use_table.h. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "preload/core/ledger/stack_table.h"
#include "preload/core/ledger/use_table.h"

enum { FD = 7, SEQUENCE = 3, STACK = 20 };

static struct use_table table;

static int begin(void **state)
{
	(void)state;
	return 0;
}

static int end(void **state)
{
	(void)state;
	use_table_release(&table);
	memset(&table, 0, sizeof(table));
	return 0;
}

static void a_table_that_was_not_started_wants_nothing(void **state)
{
	(void)state;
	assert_true(use_table_start(&table, USES_OFF));
	assert_false(use_table_wants(&table, FD));
	use_table_follow(&table, FD, SEQUENCE);
	use_table_store(&table, FD, SEQUENCE, STACK);
	assert_int_equal(use_table_stack(&table, FD, SEQUENCE), STACK_NONE);
}

static void all_numbers_are_wanted_or_only_the_followed_ones(void **state)
{
	(void)state;
	assert_true(use_table_start(&table, USES_ALL));
	assert_true(use_table_wants(&table, FD));
	assert_true(use_table_follows(&table, FD, SEQUENCE));
	assert_true(use_table_start(&table, USES_BEFORE));
	assert_false(use_table_wants(&table, FD));
	use_table_follow(&table, FD, SEQUENCE);
	assert_true(use_table_wants(&table, FD));
	assert_false(use_table_wants(&table, FD + 1));
	assert_true(use_table_follows(&table, FD, SEQUENCE));
}

static void numbers_beyond_the_table_are_never_wanted(void **state)
{
	static const int numbers[] = {-1, INT_MIN, USE_NUMBERS, INT_MAX};

	(void)state;
	assert_true(use_table_start(&table, USES_ALL));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		assert_false(use_table_wants(&table, numbers[i]));
		assert_false(use_table_follows(&table, numbers[i], SEQUENCE));
		use_table_store(&table, numbers[i], SEQUENCE, STACK);
		assert_int_equal(use_table_stack(&table, numbers[i], SEQUENCE), STACK_NONE);
	}
	assert_true(use_table_wants(&table, USE_NUMBERS - 1));
}

static void the_last_use_counts(void **state)
{
	(void)state;
	assert_true(use_table_start(&table, USES_ALL));
	use_table_store(&table, FD, SEQUENCE, STACK);
	use_table_store(&table, FD, SEQUENCE, STACK + 1);
	assert_int_equal(use_table_stack(&table, FD, SEQUENCE), STACK + 1);
	use_table_store(&table, FD, SEQUENCE, STACK_LIMIT - 1);
	assert_int_equal(use_table_stack(&table, FD, SEQUENCE), STACK_LIMIT - 1);
}

static void a_use_says_nothing_about_the_next_descriptor_of_the_number(void **state)
{
	(void)state;
	assert_true(use_table_start(&table, USES_BEFORE));
	use_table_follow(&table, FD, SEQUENCE);
	use_table_store(&table, FD, SEQUENCE, STACK);
	assert_int_equal(use_table_stack(&table, FD, SEQUENCE + 1), STACK_NONE);
	assert_int_equal(use_table_stack(&table, FD, SEQUENCE), STACK);
	/* The next use finds another descriptor, which nobody follows. */
	assert_false(use_table_follows(&table, FD, SEQUENCE + 1));
	assert_false(use_table_wants(&table, FD));
	assert_int_equal(use_table_stack(&table, FD, SEQUENCE), STACK_NONE);
}

static void what_is_forgotten_is_still_followed(void **state)
{
	(void)state;
	assert_true(use_table_start(&table, USES_BEFORE));
	use_table_follow(&table, FD, SEQUENCE);
	use_table_store(&table, FD, SEQUENCE, STACK);
	use_table_store(&table, FD + 1, SEQUENCE, STACK);
	use_table_forget(&table, FD + 2);
	assert_int_equal(use_table_stack(&table, FD, SEQUENCE), STACK_NONE);
	assert_int_equal(use_table_stack(&table, FD + 1, SEQUENCE), STACK_NONE);
	assert_true(use_table_follows(&table, FD, SEQUENCE));
	assert_false(use_table_wants(&table, FD + 1));
}

static void a_new_start_forgets_everything(void **state)
{
	(void)state;
	assert_true(use_table_start(&table, USES_BEFORE));
	use_table_follow(&table, FD, SEQUENCE);
	use_table_store(&table, FD, SEQUENCE, STACK);
	atomic_store(&table.walks, 9);
	atomic_store(&table.dropped, 9);
	assert_true(use_table_start(&table, USES_OFF));
	assert_false(use_table_wants(&table, FD));
	assert_true(use_table_start(&table, USES_BEFORE));
	assert_false(use_table_wants(&table, FD));
	assert_int_equal(use_table_stack(&table, FD, SEQUENCE), STACK_NONE);
	assert_int_equal(atomic_load(&table.walks), 0);
	assert_int_equal(atomic_load(&table.dropped), 0);
}

#define TEST(promise, function)                                                                    \
	{                                                                                          \
		.name = promise, .test_func = function, .setup_func = begin, .teardown_func = end  \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("a table that was not started wants nothing",
		     a_table_that_was_not_started_wants_nothing),
		TEST("all numbers are wanted, or only the followed ones",
		     all_numbers_are_wanted_or_only_the_followed_ones),
		TEST("numbers beyond the table are never wanted",
		     numbers_beyond_the_table_are_never_wanted),
		TEST("the last use counts", the_last_use_counts),
		TEST("a use says nothing about the next descriptor of the number",
		     a_use_says_nothing_about_the_next_descriptor_of_the_number),
		TEST("what is forgotten is still followed", what_is_forgotten_is_still_followed),
		TEST("a new start forgets everything", a_new_start_forgets_everything),
	};

	return cmocka_run_group_tests_name("uses", tests, NULL, NULL);
}
