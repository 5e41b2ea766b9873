// SPDX-License-Identifier: MIT
/* Search tables built from .eh_frame, as static programs have it, from records made by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/engine/walk/unwind_table.h"

#define ADDRESS UINT64_C(0x500000) /* where the program has the section */
#define BASE    UINT64_C(0x400000)
#define CODE    UINT64_C(0x401230)

enum {
	PC_RELATIVE_4 = 0x1b,
	ABSOLUTE_8 = 0x00,
	ABSOLUTE_U4 = 0x03,
	DATA_RELATIVE_4 = 0x3b,
	INDIRECT_4 = 0x9b
};

static uint8_t frames[512];
static size_t used, common;

static void put(const void *bytes, size_t size)
{
	memcpy(frames + used, bytes, size);
	used += size;
}

static void put_byte(uint8_t byte)
{
	put(&byte, 1);
}

static void put_value(uint64_t value, size_t size)
{
	put(&value, size);
}

/* Sets the length of the record that begins at this place. */
static void close_record(size_t begin)
{
	uint32_t length;

	while ((used - begin) % 4)
		put_byte(0);
	length = (uint32_t)(used - begin - 4);
	memcpy(frames + begin, &length, sizeof(length));
}

/* Writes a CIE with this augmentation: 'P' has a pointer of 4 bytes, 'L' a byte, 'R' the
 * encoding. */
static void put_common(uint8_t version, const char *augmentation, uint8_t encoding)
{
	common = used;
	put_value(0, 4);
	put_value(0, 4);
	put_byte(version);
	put(augmentation, strlen(augmentation) + 1);
	put_byte(1);
	put_byte(0x78);
	put_byte(16);
	put_byte(7);
	for (; *augmentation; augmentation++) {
		if (*augmentation == 'P') {
			put_byte(PC_RELATIVE_4);
			put_value(0x00ff00ff, 4);
		} else if (*augmentation == 'L') {
			put_byte(PC_RELATIVE_4);
		} else if (*augmentation == 'R') {
			put_byte(encoding);
		}
	}
	close_record(common);
}

/* Writes an FDE of the last CIE for the function at start, of this size. Returns where it
 * begins. */
static size_t put_description(uint8_t encoding, uint64_t start, uint32_t size)
{
	size_t begin = used, width = encoding == ABSOLUTE_8 ? 8 : 4;

	put_value(0, 4);
	put_value(used - common, 4);
	put_value((encoding & 0x70) == 0x10 ? start - (ADDRESS + used) : start, width);
	put_value(size, width);
	put_byte(0);
	close_record(begin);
	return begin;
}

static void clear(void)
{
	used = 0;
	memset(frames, 0, sizeof(frames));
}

/* Checks that the table has these functions in this order, with these FDEs. */
static void expect(size_t count, const uint64_t *starts, const size_t *descriptions)
{
	size_t size;
	struct unwind_table *table = unwind_table_build(frames, used, ADDRESS, BASE, &size);

	if (!count) {
		assert_null(table);
		return;
	}
	assert_non_null(table);
	assert_int_equal(table->encodings, 0x3b031b01);
	assert_int_equal(table->count, count);
	assert_int_equal(size % 8, 0);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(BASE + (uint64_t)(int64_t)table->entries[i].start, starts[i]);
		assert_int_equal(BASE + (uint64_t)(int64_t)table->entries[i].description,
				 ADDRESS + descriptions[i]);
	}
	free(table);
}

static void expect_one(uint8_t version, const char *augmentation, uint8_t encoding, bool good)
{
	clear();
	put_common(version, augmentation, encoding);
	size_t description = put_description(encoding, CODE, 0x40);

	expect(good, (const uint64_t[]){CODE}, &description);
}

static void pointers_are_what_the_cie_says(void **state)
{
	(void)state;
	expect_one(1, "zR", PC_RELATIVE_4, true);
	expect_one(3, "zR", PC_RELATIVE_4, true);
	expect_one(1, "", ABSOLUTE_8, true);
	expect_one(1, "zR", ABSOLUTE_U4, true);
	/* The encoding comes after a personality routine, or the frame is a signal handler's. */
	expect_one(1, "zPLR", PC_RELATIVE_4, true);
	expect_one(1, "zRS", PC_RELATIVE_4, true);
	expect_one(1, "zSR", PC_RELATIVE_4, true);
	/* Pointers that are relative to another base, are indirect or have an unknown encoding
	 * are left out. */
	expect_one(1, "zR", DATA_RELATIVE_4, false);
	expect_one(1, "zR", INDIRECT_4, false);
	expect_one(1, "zXR", PC_RELATIVE_4, false);
	expect_one(1, "eh", PC_RELATIVE_4, false);
	expect_one(2, "zR", PC_RELATIVE_4, false);
}

static void functions_are_sorted_and_unique(void **state)
{
	size_t second, first, last;

	(void)state;
	clear();
	put_common(1, "zR", PC_RELATIVE_4);
	second = put_description(PC_RELATIVE_4, CODE + 0x40, 0x10);
	first = put_description(PC_RELATIVE_4, CODE, 0x40);
	put_description(PC_RELATIVE_4, CODE + 0x40, 0x10);
	put_description(PC_RELATIVE_4, CODE + 0x60, 0);
	put_common(1, "zPLR", PC_RELATIVE_4);
	last = put_description(PC_RELATIVE_4, CODE + 0x100, 0x10);
	expect(3, (const uint64_t[]){CODE, CODE + 0x40, CODE + 0x100},
	       (const size_t[]){first, second, last});
	/* The section of one object file ends with a length of zero; that of another one
	 * follows. */
	put_value(0, 4);
	put_common(1, "zR", PC_RELATIVE_4);
	size_t behind = put_description(PC_RELATIVE_4, CODE - 0x100, 0x10);
	expect(4, (const uint64_t[]){CODE - 0x100, CODE, CODE + 0x40, CODE + 0x100},
	       (const size_t[]){behind, first, second, last});
}

static void functions_that_are_too_far_away_are_left_out(void **state)
{
	size_t near;

	(void)state;
	clear();
	put_common(1, "", ABSOLUTE_8);
	put_description(ABSOLUTE_8, BASE + (UINT64_C(1) << 31), 0x10);
	near = put_description(ABSOLUTE_8, BASE + (UINT64_C(1) << 31) - 1, 0x10);
	expect(1, (const uint64_t[]){BASE + (UINT64_C(1) << 31) - 1}, &near);
}

static void a_section_cut_anywhere_gives_its_whole_records(void **state)
{
	uint8_t *exact;
	size_t whole[2], size;

	(void)state;
	clear();
	put_common(1, "zPLR", PC_RELATIVE_4);
	put_description(PC_RELATIVE_4, CODE, 0x40);
	whole[0] = used;
	put_description(PC_RELATIVE_4, CODE + 0x40, 0x40);
	whole[1] = used;
	for (size_t cut = 0; cut <= used; cut++) {
		exact = malloc(cut ? cut : 1); /* so that a read past the end is noticed */
		memcpy(exact, frames, cut);
		struct unwind_table *table = unwind_table_build(exact, cut, ADDRESS, BASE, &size);
		assert_int_equal(table ? table->count : 0, (cut >= whole[0]) + (cut >= whole[1]));
		free(table);
		free(exact);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "pointers are what the CIE says",
		 .test_func = pointers_are_what_the_cie_says},
		{.name = "functions are sorted and unique",
		 .test_func = functions_are_sorted_and_unique},
		{.name = "functions that are too far away are left out",
		 .test_func = functions_that_are_too_far_away_are_left_out},
		{.name = "a section cut anywhere gives its whole records",
		 .test_func = a_section_cut_anywhere_gives_its_whole_records},
	};

	return cmocka_run_group_tests_name("unwind-table", tests, NULL, NULL);
}
