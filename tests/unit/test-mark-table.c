// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/arena.h"
#include "preload/core/ledger/ledger.h"
#include "preload/core/ledger/mark_file.h"

static struct arena arena;
static struct ledger ledger;

static int set_up(void **state)
{
	return ledger_init(&ledger, &arena) ? 0 : -1;
}

static int tear_down(void **state)
{
	ledger_release(&ledger);
	arena_release(&arena);
	memset(&ledger, 0, sizeof(ledger));
	return 0;
}

static void open_fd(int fd)
{
	ledger_opened(&ledger, fd, &(struct ledger_entry){.dup_of = LEDGER_NO_FD});
}

static const char *mark_of(int fd)
{
	uint32_t mark = mark_table_of(&ledger, fd, ledger_times_recorded(&ledger, fd));
	const struct ledger_mark *found = mark_table_get(&ledger, mark);

	return found ? found->text : NULL;
}

static void lines_are_taken_once(void **state)
{
	mark_table_follow(&ledger, 0, 5, "one", 3, 1);
	mark_table_follow(&ledger, 0, 5, "one", 3, 1);
	assert_int_equal(atomic_load(&ledger.marks.count), 1);
	mark_table_follow(&ledger, 5, 9, "two", 3, 2);
	assert_int_equal(atomic_load(&ledger.marks.count), 2);
	mark_table_follow(&ledger, 9, 10, "", 0, 3);
	assert_int_equal(atomic_load(&ledger.marks.count), 2);
	assert_int_equal(atomic_load(&ledger.marks.position), 10);
	assert_int_equal(atomic_load(&ledger.marks.lost), 0);
}

static void append(const char *path, const char *text)
{
	FILE *file = fopen(path, "a");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	mark_file_follow(&ledger, 1);
}

static void each_descriptor_has_the_last_line_at_its_open(void **state)
{
	char path[] = "/tmp/test-mark-table-XXXXXX";
	const char *reason;
	int error;

	close(mkstemp(path));
	struct mark_file *file = mark_file_open(path, &error, &reason);
	assert_non_null(file);
	mark_file_start(&ledger, file);
	open_fd(3);
	append(path, "one\n");
	open_fd(4);
	append(path, "half");
	open_fd(5);
	append(path, " of it\r\n\n");
	open_fd(6);
	assert_null(mark_of(3));
	assert_string_equal(mark_of(4), "one");
	assert_string_equal(mark_of(5), "one");
	assert_string_equal(mark_of(6), "half of it");
	assert_null(mark_file_trouble(&ledger));
	assert_int_equal(truncate(path, 2), 0);
	mark_file_follow(&ledger, 1);
	assert_non_null(strstr(mark_file_trouble(&ledger), "cut"));
	assert_int_equal(unlink(path), 0);
	assert_non_null(mark_file_trouble(&ledger));
}

static void a_folder_and_a_missing_one_are_refused(void **state)
{
	const char *reason;
	int error;

	assert_null(mark_file_open("/tmp", &error, &reason));
	assert_true(reason || error);
	assert_null(mark_file_open("/nowhere/marks", &error, &reason));
	assert_int_equal(error, ENOENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_taken_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_descriptor_has_the_last_line_at_its_open,
						set_up, tear_down),
		cmocka_unit_test(a_folder_and_a_missing_one_are_refused),
	};

	return cmocka_run_group_tests_name("mark-table", tests, NULL, NULL);
}
