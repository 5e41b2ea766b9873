// SPDX-License-Identifier: MIT
/* Pairs of opening and closing stacks: preload/core/ledger/closer_table.h. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "preload/core/ledger/closer_table.h"
#include "preload/core/ledger/stack_table.h"

enum { OPENED = 7, THREADS = 4, ROUNDS = 20000 };

static struct closer_table table;
static struct closers closers;

static int begin(void **state)
{
	(void)state;
	closers_reset(&closers);
	return closer_table_start(&table) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	closer_table_release(&table);
	memset(&table, 0, sizeof(table));
	return 0;
}

static void add(uint32_t closed, int times)
{
	while (times-- > 0)
		closer_table_add(&table, &closers, OPENED, closed);
}

static void the_most_frequent_closers_are_listed_first(void **state)
{
	struct closer list[3];
	uint64_t others;
	uint32_t other_stacks;

	(void)state;
	add(20, 2);
	add(21, 5);
	add(22, 1);
	add(23, 9);
	add(20, 4);
	assert_int_equal(
		closer_table_list(&table, &closers, OPENED, list, 3, &others, &other_stacks), 3);
	assert_int_equal(list[0].stack, 23);
	assert_int_equal(list[0].count, 9);
	assert_int_equal(list[1].stack, 20);
	assert_int_equal(list[1].count, 6);
	assert_int_equal(list[2].stack, 21);
	assert_int_equal(list[2].count, 5);
	assert_int_equal(others, 1);
	assert_int_equal(other_stacks, 1);
}

static void opening_stacks_have_closers_of_their_own(void **state)
{
	struct closers other = {0};
	struct closer list[4];
	uint64_t others;
	uint32_t other_stacks;

	(void)state;
	add(20, 1);
	add(21, 1);
	closer_table_add(&table, &other, OPENED + 1, 22);
	closer_table_add(&table, &other, OPENED + 1, 21);
	closer_table_add(&table, &other, OPENED + 1, 21);
	assert_int_equal(
		closer_table_list(&table, &closers, OPENED, list, 4, &others, &other_stacks), 2);
	assert_int_equal(list[0].count + list[1].count, 2);
	assert_int_equal(
		closer_table_list(&table, &other, OPENED + 1, list, 4, &others, &other_stacks), 2);
	assert_int_equal(list[0].stack, 21);
	assert_int_equal(list[0].count, 2);
	assert_int_equal(others, 0);
}

static void a_close_without_a_stack_is_counted_as_unknown(void **state)
{
	(void)state;
	add(STACK_NONE, 2);
	add(STACK_OVERFLOW, 1);
	assert_int_equal(atomic_load(&closers.unknown), 3);
	assert_int_equal(atomic_load(&closers.first), 0);
}

static void a_full_table_counts_what_it_drops_and_keeps_the_rest(void **state)
{
	struct closer list[1];
	uint64_t others;
	uint32_t other_stacks;

	(void)state;
	/* The first one is not in the table. */
	for (uint32_t i = 0; i < CLOSER_MOST + 1; i++)
		add(STACK_FIRST + i, 1);
	assert_int_equal(atomic_load(&table.dropped), 0);
	add(STACK_FIRST + CLOSER_MOST + 1, 3);
	assert_int_equal(atomic_load(&table.dropped), 3);
	assert_int_equal(atomic_load(&closers.unknown), 3);
	add(STACK_FIRST + 5, 1); /* one that it has */
	assert_int_equal(atomic_load(&table.dropped), 3);
	assert_int_equal(
		closer_table_list(&table, &closers, OPENED, list, 1, &others, &other_stacks), 1);
	assert_int_equal(list[0].stack, STACK_FIRST + 5);
	assert_int_equal(list[0].count, 2);
	assert_int_equal(other_stacks, CLOSER_MOST);
}

static void a_reset_begins_again(void **state)
{
	struct closer list[2];
	uint64_t others;
	uint32_t other_stacks;

	(void)state;
	add(20, 1);
	add(21, 1);
	closer_table_reset(&table);
	closers_reset(&closers);
	assert_int_equal(atomic_load(&table.count), 0);
	assert_int_equal(
		closer_table_list(&table, &closers, OPENED, list, 2, &others, &other_stacks), 0);
	add(20, 2);
	add(21, 1);
	assert_int_equal(
		closer_table_list(&table, &closers, OPENED, list, 2, &others, &other_stacks), 2);
	assert_int_equal(list[0].stack, 20);
	assert_int_equal(list[0].count, 2);
	assert_int_equal(list[1].count, 1);
}

static void a_copy_has_the_same_pairs(void **state)
{
	struct closer_table copy = {0};
	struct closer list[2];
	uint64_t others;
	uint32_t other_stacks;

	(void)state;
	add(20, 1);
	add(21, 3);
	assert_true(closer_table_copy(&copy, &table));
	assert_int_equal(
		closer_table_list(&copy, &closers, OPENED, list, 2, &others, &other_stacks), 2);
	assert_int_equal(list[0].stack, 21);
	assert_int_equal(list[0].count, 3);
	closer_table_release(&copy);
}

static void *count(void *data)
{
	uint32_t seed = (uint32_t)(uintptr_t)data;

	for (int i = 0; i < ROUNDS; i++)
		add(STACK_FIRST + (seed + (uint32_t)i) % 50, 1);
	return NULL;
}

static void threads_lose_no_count(void **state)
{
	struct closer list[60];
	pthread_t threads[THREADS];
	uint64_t sum = 0, others;
	uint32_t listed, other_stacks;

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, (void *)(i * 13)), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	listed = closer_table_list(&table, &closers, OPENED, list, 60, &others, &other_stacks);
	assert_int_equal(listed, 50);
	for (uint32_t i = 0; i < listed; i++)
		sum += list[i].count;
	assert_int_equal(sum, (uint64_t)THREADS * ROUNDS);
	assert_int_equal(others, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_most_frequent_closers_are_listed_first),
		TEST(opening_stacks_have_closers_of_their_own),
		TEST(a_close_without_a_stack_is_counted_as_unknown),
		TEST(a_full_table_counts_what_it_drops_and_keeps_the_rest),
		TEST(a_reset_begins_again),
		TEST(a_copy_has_the_same_pairs),
		TEST(threads_lose_no_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
