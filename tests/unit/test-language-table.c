// SPDX-License-Identifier: MIT
/* Names of frames are stored once, copied with their numbers, and counted when there is no room. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "preload/core/ledger/language_table.h"

static struct arena arena;
static struct language_table table;

static int set_up(void **state)
{
	(void)state;
	memset(&arena, 0, sizeof(arena));
	language_table_init(&table, &arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	language_table_release(&table);
	arena_release(&arena);
	return 0;
}

static uint32_t add(const char *function, const char *file, uint32_t line)
{
	return language_table_intern(
		&table, &(struct language_entry){.function = function, .file = file, .line = line});
}

static void a_name_is_stored_once(void **state)
{
	char function[] = "fetch";

	(void)state;
	uint32_t number = add(function, "client.py", 6);
	function[0] = 'x'; /* the table has a copy */
	assert_int_equal(add("fetch", "client.py", 6), number);
	assert_int_not_equal(add("fetch", "client.py", 7), number);
	assert_int_not_equal(add("fetch", "server.py", 6), number);
	assert_int_not_equal(add("fetchclient.py", "", 6), number);
	assert_string_equal(language_table_get(&table, number)->function, "fetch");
	assert_string_equal(language_table_get(&table, number)->file, "client.py");
	assert_null(language_table_get(&table, LANGUAGE_NAME_NONE));
	assert_null(language_table_get(&table, number + 4));
}

static void a_copy_has_the_same_numbers(void **state)
{
	struct language_table copy;
	char name[16];

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		add(name, i % 2 ? "a.py" : "b.py", i);
	}
	language_table_found(&table, 2, "python", "3.11.2", NULL);
	language_table_init(&copy, &arena);
	assert_true(language_table_copy(&copy, &table));
	for (uint32_t i = 1; i <= 1000; i++)
		assert_string_equal(language_table_get(&copy, i)->function,
				    language_table_get(&table, i)->function);
	assert_string_equal(language_table_present(&copy, 2)->version, "3.11.2");
	assert_null(language_table_present(&copy, 1));
	language_table_release(&copy);
}

static void a_full_table_counts_what_it_has_no_room_for(void **state)
{
	char name[16];

	(void)state;
	for (uint32_t i = 1; i < LANGUAGE_NAME_LIMIT; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		assert_int_equal(add(name, "a.py", 1), i);
	}
	assert_int_equal(add("more", "a.py", 1), LANGUAGE_NAME_NONE);
	assert_int_equal(add("f7", "a.py", 1), 7);
	assert_int_equal(atomic_load(&table.overflowed), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_is_stored_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_copy_has_the_same_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_table_counts_what_it_has_no_room_for, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
