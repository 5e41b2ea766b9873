// SPDX-License-Identifier: MIT
/* Lines for people: they use the width that they have, and not a column more. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/report/page.h"

static void text_is_cut_to_its_columns(void **state)
{
	static const struct {
		const char *text;
		int columns;
		const char *cut;
	} rows[] = {
		{"0123456789", 11, "0123456789"},
		{"0123456789", 10, "0123456789"},
		{"0123456789", 9, "012345..."},
		{"0123456789", 4, "0..."},
		{"0123456789", 3, "0123456789"},
		{"", 5, ""},
		/* A letter of two bytes and one of three take one column each. */
		{"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9fxyz", 7, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9fxyz"},
		{"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9fxyz", 6, "\xc3\xa4\xc3\xb6\xc3\xbc..."},
		{"\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 4,
		 "\xe6\xbc\xa2..."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = strdup(rows[i].text);

		page_cut(text, rows[i].columns);
		assert_string_equal(text, rows[i].cut);
		if (page_columns(rows[i].text) > rows[i].columns && rows[i].columns >= 4)
			assert_int_equal(page_columns(text), rows[i].columns);
		free(text);
	}
}

/* Returns what is printed at this width. The caller frees it. */
static char *printed(int width, bool colour, int indent, int more, enum page_style style,
		     const char *text)
{
	char *written;
	size_t size;
	FILE *file = open_memstream(&written, &size);
	struct page page;

	page_open(&page, file, width, colour);
	page_line(&page, indent, more, style, text);
	page_close(&page);
	fclose(file);
	return written;
}

static void lines_are_broken_at_the_last_blank_that_fits(void **state)
{
	static const struct {
		int width, indent, more;
		const char *text, *lines;
	} rows[] = {
		{0, 2, 2, "a long line of text without a terminal",
		 "  a long line of text without a terminal\n"},
		/* The width is 30 columns, and all 30 are used. */
		{30, 0, 2, "123456789 123456789 123456789 x",
		 "123456789 123456789 123456789\n  x\n"},
		{30, 0, 2, "123456789 123456789 1234567890", "123456789 123456789 1234567890\n"},
		{30, 0, 2, "123456789 123456789 12345678901",
		 "123456789 123456789\n  12345678901\n"},
		{30, 3, 2, "123456789 123456789 1234567", "   123456789 123456789 1234567\n"},
		{30, 3, 2, "123456789 123456789 12345678",
		 "   123456789 123456789\n     12345678\n"},
		/* A path is never broken, because half a path can't be copied. */
		{25, 0, 2, "/a/path/that/is/longer/than/the/line open",
		 "/a/path/that/is/longer/than/the/line\n  open\n"},
		/* No break between a number and its unit. */
		{24, 0, 2, "abcdefghijk lmno, 12345 B left", "abcdefghijk lmno,\n  12345 B left\n"},
		{24, 0, 2, "abcdefghijk lmno, 12345 Big left",
		 "abcdefghijk lmno, 12345\n  Big left\n"},
		/* The width counts columns, not bytes. */
		{24, 0, 2,
		 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 "
		 "0123456789 012",
		 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 "
		 "0123456789\n  012\n"},
		{24, 0, 0, "", "\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *written = printed(rows[i].width, false, rows[i].indent, rows[i].more,
					PAGE_WARNING, rows[i].text);

		assert_string_equal(written, rows[i].lines);
		free(written);
	}
}

static void colour_ends_with_each_line(void **state)
{
	char *written = printed(24, true, 1, 1, PAGE_WARNING, "0123456789 0123456789 012");

	(void)state;
	assert_string_equal(written,
			    " \033[33m0123456789 0123456789\033[0m\n  \033[33m012\033[0m\n");
	free(written);
	written = printed(24, true, 0, 0, PAGE_PLAIN, "plain");
	assert_string_equal(written, "plain\n");
	free(written);
}

static void a_path_is_shortened_only_below_the_current_folder(void **state)
{
	struct page page = {.folder = (char *)"/srv/app"};
	static const struct {
		const char *path, *shown;
	} rows[] = {
		{"/srv/app/main.c", "main.c"},
		{"/srv/app/src/main.c", "src/main.c"},
		{"/srv/application/x.c", "/srv/application/x.c"},
		{"/srv/app", "/srv/app"},
		{"/srv/other/app/x.c", "/srv/other/app/x.c"},
		{"x.c", "x.c"},
		{"/srv/app/a\033b.c", "a\\x1bb.c"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *shown = page_path(&page, rows[i].path);

		assert_string_equal(shown, rows[i].shown);
		free(shown);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "text is cut to its columns", .test_func = text_is_cut_to_its_columns},
		{.name = "lines are broken at the last blank that fits",
		 .test_func = lines_are_broken_at_the_last_blank_that_fits},
		{.name = "colour ends with each line", .test_func = colour_ends_with_each_line},
		{.name = "a path is shortened only below the current folder",
		 .test_func = a_path_is_shortened_only_below_the_current_folder},
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
