// SPDX-License-Identifier: MIT
/*
 * Tables of lines, as five versions of CPython have compiled the same function for us: with a
 * comprehension, a call over several lines, a jump back, a loop, and 300 empty lines. Each
 * version's own dis module has given the lines.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "preload/languages/python_internal.h"

#define LINES(...) (const uint16_t[]){__VA_ARGS__}, sizeof((uint16_t[]){__VA_ARGS__}) / 2
#define TABLE(...) (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})

static void check_table(enum python_lines form, const uint8_t *table, size_t size,
			const uint16_t *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(python_line(form, table, size, 1, (uint32_t)(2 * i)), lines[i]);
}

static void lnotab(void **state)
{
	(void)state;
	check_table(PYTHON_LNOTAB,
		    TABLE(0, 1, 2, 1, 6, 1, 2, 255, 6, 3, 2, 1, 2, 1, 2, 254, 8, 5, 16, 1, 4, 1, 4,
			  1, 4, 127, 0, 127, 0, 48, 6, 1),
		    LINES(2, 3, 3, 3, 4, 3, 3, 3, 6, 7, 8, 6, 6, 6, 6, 11, 11, 11, 11, 11, 11, 11,
			  11, 12, 12, 13, 13, 14, 14, 316, 316, 316, 317, 317));
}

static void linetable(void **state)
{
	(void)state;
	check_table(PYTHON_LINETABLE,
		    TABLE(2, 1, 6, 1, 2, 1, 6, 255, 2, 3, 2, 1, 2, 1, 8, 254, 16, 5, 4, 1, 4, 1, 2,
			  1, 4, 254, 0, 127, 0, 127, 6, 50, 2, 1, 36, 255),
		    LINES(2, 3, 3, 3, 4, 3, 3, 3, 6, 7, 8, 6, 6, 6, 6, 11, 11, 11, 11, 11, 11, 11,
			  11, 12, 12, 13, 13, 14, 12, 12, 316, 316, 316, 317, 316, 316));
}

static void linetable_without_line(void **state)
{
	(void)state;
	check_table(PYTHON_LINETABLE, TABLE(2, 1, 4, 0x80, 2, 1), LINES(2, 0, 0, 3, 0));
}

static void locations(void **state)
{
	(void)state;
	check_table(PYTHON_LOCATIONS,
		    TABLE(128, 0, 240, 2, 9, 5, 12, 225, 22, 23, 243, 3, 2, 13, 19, 217, 22, 23,
			  144, 17, 220, 16, 17, 247, 5, 0, 14, 15, 217, 22, 23, 240, 3, 0, 9, 10,
			  240, 0, 2, 13, 19, 244, 6, 0, 13, 14, 216, 12, 13, 216, 14, 15, 241, 5, 3,
			  13, 10, 136, 1, 244, 10, 0, 9, 10, 140, 3, 222, 10, 11, 222, 11, 12, 216,
			  12, 17, 247, 5, 0, 11, 12, 136, 33, 241, 96, 9, 0, 10, 11, 136, 97, 216,
			  15, 16, 247, 3, 0, 10, 11, 137, 17, 249, 242, 115, 9, 2, 13, 19, 248, 244,
			  16, 0, 9, 10, 141, 3, 250, 247, 98, 9, 0, 10, 11, 141, 17, 250),
		    LINES(1, 2, 4, 4, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 3, 3, 3, 3, 3, 3, 3, 3, 4,
			  4, 3, 3, 6, 6, 6, 6, 6, 7, 8, 6, 6, 6, 11, 11, 11, 11, 11, 11, 11, 11, 11,
			  11, 12, 12, 12, 12, 12, 12, 12, 13, 13, 13, 13, 13, 13, 13, 14, 12, 12,
			  12, 12, 12, 12, 12, 12, 12, 316, 316, 316, 317, 316, 316, 316, 316, 316,
			  316, 316, 316, 316, 316, 0, 0, 3, 3, 3, 0, 11, 11, 11, 11, 11, 11, 11, 11,
			  11, 11, 11, 0, 0, 0, 316, 316, 316, 316, 316, 316, 316, 316, 316, 316,
			  316, 316, 316, 316, 0, 0, 0));
}

/* Every table that is cut short, or made of one byte over and over, gives a line or none. */
static void any_table_ends(void **state)
{
	uint8_t table[64];

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		for (size_t i = 0; i < sizeof(table); i++)
			table[i] = (uint8_t)byte;
		for (size_t size = 0; size <= sizeof(table); size += 7)
			for (int form = PYTHON_LNOTAB; form <= PYTHON_LOCATIONS; form++)
				assert_true(python_line((enum python_lines)form, table, size, 10,
							1000) <= INT32_MAX);
	}
}

static void a_line_is_never_negative(void **state)
{
	(void)state;
	assert_int_equal(python_line(PYTHON_LNOTAB, (const uint8_t[]){0, 0x80}, 2, 1, 4), 0);
	/* A difference of -(2^63). */
	assert_int_equal(python_line(PYTHON_LOCATIONS,
				     (const uint8_t[]){128 | 13 << 3, 127, 127, 127, 127, 127, 127,
						       127, 127, 127, 127, 63},
				     12, 1, 0),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lnotab),
		cmocka_unit_test(linetable),
		cmocka_unit_test(linetable_without_line),
		cmocka_unit_test(locations),
		cmocka_unit_test(any_table_ends),
		cmocka_unit_test(a_line_is_never_negative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
