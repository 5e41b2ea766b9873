// SPDX-License-Identifier: MIT
/* The ptrace engine's descriptor tables: which processes share one, and what fork, exec and
 * unshare do to it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tools/engine/tracer/fd_table.h"

static const struct ledger_entry opened = {.kind = FD_SOCKET, .dup_of = LEDGER_NO_FD},
				 inherited = {.origin = FD_INHERITED, .dup_of = LEDGER_NO_FD};

static bool has(const struct fd_table *table, int fd, struct ledger_entry *entry)
{
	return ledger_read(&table->ledger, fd, entry, NULL);
}

static void a_shared_table_is_one_until_it_is_unshared(void **state)
{
	struct fd_table *table = fd_table_create(), *other, *own;

	(void)state;
	assert_non_null(table);
	ledger_opened(&table->ledger, 5, &opened);
	other = fd_table_share(table);
	assert_ptr_equal(other, table);
	own = fd_table_unshare(other);
	assert_ptr_not_equal(own, table);
	assert_int_equal(own->users, 1);
	assert_int_equal(table->users, 1);
	/* In both tables the entry still counts as opened by this process. */
	struct ledger_entry entry;
	assert_true(has(own, 5, &entry));
	assert_false(entry.before_fork);
	ledger_forget(&own->ledger, 5);
	assert_true(has(table, 5, NULL));
	assert_int_not_equal(own->serial, table->serial);
	/* No other task uses it, so it stays the same. */
	assert_ptr_equal(fd_table_unshare(own), own);
	fd_table_release(own);
	fd_table_release(table);
	fd_table_release(NULL);
	assert_null(fd_table_share(NULL));
}

static void in_a_forked_process_the_entries_count_as_from_before_the_fork(void **state)
{
	struct fd_table *table = fd_table_create(), *child;
	struct ledger_entry entry;

	(void)state;
	ledger_opened(&table->ledger, 5, &opened);
	table->missed = true;
	child = fd_table_fork(table);
	assert_non_null(child);
	assert_true(has(child, 5, &entry));
	assert_true(entry.before_fork);
	assert_int_equal(entry.kind, FD_SOCKET);
	/* A descriptor that the engine could not see in the parent may be open in the child. */
	assert_true(child->missed);
	ledger_opened(&child->ledger, 6, &opened);
	assert_true(has(child, 6, &entry));
	assert_false(entry.before_fork);
	assert_false(has(table, 6, NULL));
	assert_true(has(table, 5, &entry));
	assert_false(entry.before_fork);
	fd_table_release(child);
	fd_table_release(table);
}

static void open_descriptors_are_noted_without_changing_known_entries(void **state)
{
	struct fd_table *table = fd_table_create();
	int known = eventfd(0, EFD_CLOEXEC), found = eventfd(0, EFD_CLOEXEC);
	struct ledger_entry entry;

	(void)state;
	ledger_opened(&table->ledger, known, &opened);
	assert_true(fd_table_note_open(table, getpid(), &inherited));
	assert_true(has(table, known, &entry));
	assert_int_equal(entry.origin, FD_OPENED);
	assert_true(has(table, found, &entry));
	assert_int_equal(entry.origin, FD_INHERITED);
	/* Entries of numbers that are closed now are removed, and no others. */
	close(found);
	fd_table_forget_closed(table, getpid());
	assert_false(has(table, found, NULL));
	assert_true(has(table, known, NULL));
	assert_true(has(table, STDERR_FILENO, NULL));
	/* No such process: pids end at 2^22. Nothing changes. */
	assert_false(fd_table_note_open(table, 1 << 23, &inherited));
	fd_table_forget_closed(table, 1 << 23);
	assert_true(has(table, known, NULL));
	close(known);
	fd_table_release(table);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a shared table is one until it is unshared",
		 .test_func = a_shared_table_is_one_until_it_is_unshared},
		{.name = "in a forked process the entries count as from before the fork",
		 .test_func = in_a_forked_process_the_entries_count_as_from_before_the_fork},
		{.name = "open descriptors are noted without changing known entries",
		 .test_func = open_descriptors_are_noted_without_changing_known_entries},
	};

	return cmocka_run_group_tests_name("descriptor-table", tests, NULL, NULL);
}
