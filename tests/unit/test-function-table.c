// SPDX-License-Identifier: MIT
/* Functions are found by their module's unwind data, and what is between them isn't. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "preload/core/base/find_object.h"
#include "preload/core/capture/local_memory.h"
#include "preload/languages/function_table.h"

static struct local_memory memory;

static void open_table_at(const void *address, struct function_table *table)
{
	struct object object;

	local_memory_init(&memory);
	assert_true(memory.memory.find(&memory.memory, (uintptr_t)address, &object));
	assert_true(function_table_of(&object, table));
}

static void a_function_is_found_by_each_of_its_bytes(void **state)
{
	struct loaded_symbol function, again;
	uintptr_t at = (uintptr_t)a_function_is_found_by_each_of_its_bytes;

	(void)state;
	assert_true(function_around(at, &function));
	assert_int_equal(function.address, at);
	assert_true(function.size > 32 && function.size < 65536);
	assert_string_equal(function.module, "");
	assert_true(function_around(at + function.size - 1, &again));
	assert_int_equal(again.address, at);
}

static void functions_are_in_the_order_of_their_addresses(void **state)
{
	struct loaded_symbol function = {.address = 1};
	struct function_table table;

	(void)state;
	open_table_at((const void *)cmocka_set_message_output, &table);
	assert_true(table.count > 10);
	for (uint32_t i = 0; i < table.count; i++) {
		assert_true(function_end(&table, i) > function_start(&table, i));
		if (i)
			assert_true(function_start(&table, i) > function_start(&table, i - 1));
	}
	assert_false(function_around(function_start(&table, 0) - 1, &function));
	assert_false(function_around(function_end(&table, table.count - 1), &function));
	assert_false(function_around(UINTPTR_MAX, &function));
	assert_int_equal(function.address, 1);
}

static void a_module_without_a_table_has_none(void **state)
{
	static const uint32_t other[] = {0x3b031b02, 0, 1};
	struct object object = {0};
	struct function_table table;

	(void)state;
	assert_false(function_table_of(&object, &table));
	object.unwind_table = (uintptr_t)other;
	assert_false(function_table_of(&object, &table));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_is_found_by_each_of_its_bytes),
		cmocka_unit_test(functions_are_in_the_order_of_their_addresses),
		cmocka_unit_test(a_module_without_a_table_has_none),
	};

	find_object_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
