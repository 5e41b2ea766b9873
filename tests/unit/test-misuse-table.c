// SPDX-License-Identifier: MIT
/* Wrong closes, each once: preload/core/ledger/misuse_table.h; and what a slot remembers of a
 * number's last close: preload/core/ledger/slot.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "preload/core/ledger/misuse_table.h"
#include "preload/core/ledger/slot.h"

static struct misuse_table table;
static struct arena arena;
static struct ledger ledger;

static int begin(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	return ledger_init(&ledger, &arena) && closer_table_start(&ledger.closers) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	ledger_release(&ledger);
	arena_release(&arena);
	return 0;
}

static struct misuse misuse_at(uint32_t here)
{
	return (struct misuse){.kind = MISUSE_DOUBLE_CLOSE,
			       .call = "close",
			       .fd = 5,
			       .here = {here, 1},
			       .closed = {20, 1},
			       .opened = {30, 0}};
}

static void each_misuse_is_kept_once_and_counted(void **state)
{
	struct misuse one = misuse_at(2), other = misuse_at(3), found;
	uint64_t count;

	(void)state;
	assert_true(misuse_table_add(&table, &one));
	one.fd = 9; /* the number doesn't make it another one */
	assert_false(misuse_table_add(&table, &one));
	assert_true(misuse_table_add(&table, &other));
	other.kind = MISUSE_USE;
	assert_true(misuse_table_add(&table, &other));
	assert_true(misuse_table_get(&table, 0, &found, &count));
	assert_int_equal(count, 2);
	assert_int_equal(found.fd, 5);
	assert_int_equal(found.here.stack, 2);
	assert_true(misuse_table_get(&table, 2, &found, &count));
	assert_int_equal(found.kind, MISUSE_USE);
	assert_false(misuse_table_get(&table, 3, &found, &count));
	assert_int_equal(atomic_load(&table.total), 4);
}

static void an_open_at_a_standard_number_is_one_for_each_opening_stack(void **state)
{
	struct misuse one = misuse_at(2);

	(void)state;
	one.kind = MISUSE_STANDARD;
	one.call = NULL;
	assert_true(misuse_table_add(&table, &one));
	one.closed.stack = 21;
	one.opened.stack = STACK_NONE;
	assert_false(misuse_table_add(&table, &one));
	one.here.stack = 3;
	assert_true(misuse_table_add(&table, &one));
	one.kind = MISUSE_OF_STREAM;
	assert_true(misuse_table_add(&table, &one));
	one.closed.stack = 22;
	assert_true(misuse_table_add(&table, &one));
}

static void a_full_table_counts_what_has_no_room(void **state)
{
	struct misuse misuse;
	uint64_t count;

	(void)state;
	for (uint32_t i = 0; i < MISUSE_MOST + 3; i++) {
		misuse = misuse_at(STACK_FIRST + i);
		assert_int_equal(misuse_table_add(&table, &misuse), i < MISUSE_MOST);
	}
	assert_int_equal(atomic_load(&table.dropped), 3);
	assert_int_equal(atomic_load(&table.total), MISUSE_MOST + 3);
	assert_false(misuse_table_get(&table, MISUSE_MOST, &misuse, &count));
	misuse_table_reset(&table);
	assert_false(misuse_table_get(&table, 0, &misuse, &count));
	assert_int_equal(atomic_load(&table.total), 0);
}

static void close_by(int fd, uint32_t opener, uint32_t closer)
{
	struct closing closing;

	ledger_opened(
		&ledger, fd,
		&(struct ledger_entry){.stack = opener, .kind = FD_FILE, .dup_of = LEDGER_NO_FD});
	closing = slot_closing(&ledger, fd);
	closing.closer = closer;
	slot_keep_close(&ledger, &closing, 77);
	slot_closed(&ledger, closing);
}

static void a_number_remembers_its_last_close(void **state)
{
	struct last_close last;

	(void)state;
	assert_false(slot_last_close(&ledger, 5, &last));
	assert_false(slot_last_close(&ledger, -1, &last));
	assert_false(slot_last_close(&ledger, 1 << 20, &last));
	close_by(5, 100, 200);
	assert_true(slot_last_close(&ledger, 5, &last));
	assert_int_equal(last.opener, 100);
	assert_int_equal(last.closer, 200);
	assert_int_equal(last.thread, 77);
	close_by(5, 101, 201);
	assert_true(slot_last_close(&ledger, 5, &last));
	assert_int_equal(last.opener, 101);
	close_by(3000, 102, 202);
	assert_true(slot_last_close(&ledger, 3000, &last));
	assert_int_equal(last.closer, 202);
	slot_forget_close(&ledger, 5);
	assert_false(slot_last_close(&ledger, 5, &last));
}

static void a_range_leaves_nothing_to_blame(void **state)
{
	struct last_close last;

	(void)state;
	close_by(5, 100, 200);
	ledger_opened(
		&ledger, 5,
		&(struct ledger_entry){.stack = 100, .kind = FD_FILE, .dup_of = LEDGER_NO_FD});
	struct closing_range range;

	ledger_closing_range(&ledger, &range, 3, 10);
	ledger_closed_range(&ledger, &range, 300);
	assert_false(slot_last_close(&ledger, 5, &last));
}

static void a_forked_child_forgets_what_its_parent_has_closed(void **state)
{
	struct misuse misuse = misuse_at(2);
	struct last_close last;

	(void)state;
	close_by(5, 100, 200);
	misuse_table_add(&ledger.misuses, &misuse);
	ledger_forked(&ledger, false);
	assert_false(slot_last_close(&ledger, 5, &last));
	assert_int_equal(atomic_load(&ledger.misuses.total), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(each_misuse_is_kept_once_and_counted),
		TEST(an_open_at_a_standard_number_is_one_for_each_opening_stack),
		TEST(a_full_table_counts_what_has_no_room),
		TEST(a_number_remembers_its_last_close),
		TEST(a_range_leaves_nothing_to_blame),
		TEST(a_forked_child_forgets_what_its_parent_has_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
