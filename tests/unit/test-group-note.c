// SPDX-License-Identifier: MIT
/* The notes of a group, and how the reader recognizes them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "preload/core/snapshot/group_note.h"

static size_t length(const char *const *lines)
{
	size_t count = 0;

	while (lines[count])
		count++;
	return count;
}

static void every_note_is_found_by_its_words(void **state)
{
	(void)state;
	for (int note = NOTE_OTHER + 1; note < NOTE_COUNT; note++) {
		const char *const *lines = group_note_lines((enum group_note)note);

		assert_true(length(lines) > 0);
		assert_int_equal(group_note_find(lines, length(lines)), note);
	}
	assert_int_equal(length(group_note_lines(NOTE_OTHER)), 0);
}

static void words_of_an_older_version_are_found_by_their_first_line(void **state)
{
	const char *lines[] = {*group_note_lines(NOTE_USER_NOT_STOPPED), "in other words."};
	enum group_note found = group_note_find(lines, 2);

	(void)state;
	assert_true(found == NOTE_USER_NOT_ASKED || found == NOTE_USER_NOT_STOPPED ||
		    found == NOTE_USER_NOT_KNOWN);
	assert_int_equal(group_note_find(lines + 1, 1), NOTE_OTHER);
	assert_int_equal(group_note_find(lines, 0), NOTE_OTHER);
}

static void a_sentence_on_the_endpoint_is_found_by_its_beginning(void **state)
{
	const char *peer = "Connected to 10.0.0.7:5432.", *unknown = "Connected";

	(void)state;
	assert_int_equal(group_note_find(&peer, 1), NOTE_PEER);
	assert_int_equal(group_note_find(&unknown, 1), NOTE_OTHER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "every note is found by its words",
		 .test_func = every_note_is_found_by_its_words},
		{.name = "words of an older version are found by their first line",
		 .test_func = words_of_an_older_version_are_found_by_their_first_line},
		{.name = "a sentence on the endpoint is found by its beginning",
		 .test_func = a_sentence_on_the_endpoint_is_found_by_its_beginning},
	};

	return cmocka_run_group_tests_name("group note", tests, NULL, NULL);
}
