// SPDX-License-Identifier: MIT
/* Tests of preload/core/ledger/ledger.h. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../in_range.h"
#include "preload/core/ledger/slot.h"

static struct arena arena;
static struct ledger ledger;

static int begin(void **state)
{
	(void)state;
	return ledger_init(&ledger, &arena) ? 0 : -1;
}

static uint32_t stack_of(frame_t frame)
{
	return stack_table_intern(&ledger.stacks, &frame, 1, STACK_COMPLETE);
}

static void open_at(int fd, uint32_t stack)
{
	ledger_opened(&ledger, fd, &(struct ledger_entry){.stack = stack, .dup_of = LEDGER_NO_FD});
}

static void an_entry_reads_back_as_it_was_written(void **state)
{
	struct ledger_entry given =
				    {
					    .stack = stack_of(1),
					    .opened_at = (1u << 30) - 1,
					    .thread = (1u << 22) - 1,
					    .dup_of = LEDGER_NO_FD - 1,
					    .kind = FD_LANDLOCK,
					    .origin = FD_DUPLICATED,
					    .owner = FD_OWNER_POPEN,
				    },
			    read;

	(void)state;
	ledger_opened(&ledger, 7, &given);
	assert_true(ledger_read(&ledger, 7, &read, NULL));
	assert_int_equal(read.stack, given.stack);
	assert_int_equal(read.connection, CONNECTION_NONE);
	assert_int_equal(read.opened_at, given.opened_at);
	assert_int_equal(read.thread, given.thread);
	assert_int_equal(read.dup_of, given.dup_of);
	assert_int_equal(read.kind, given.kind);
	assert_int_equal(read.origin, given.origin);
	assert_int_equal(read.owner, given.owner);
	assert_false(read.closing);
	assert_false(read.before_fork);
	ledger_set_connection(&ledger, 7, CONNECTION_LIMIT - 1);
	assert_true(ledger_read(&ledger, 7, &read, NULL));
	assert_int_equal(read.connection, CONNECTION_LIMIT - 1);
	assert_int_equal(read.thread, given.thread);
	given.connection = 1;
	ledger_opened(&ledger, 7, &given);
	assert_true(ledger_read(&ledger, 7, &read, NULL));
	assert_int_equal(read.connection, 1);
}

static void a_value_that_does_not_fit_stays_in_its_field(void **state)
{
	struct ledger_entry given =
				    {
					    .stack = stack_of(1),
					    .opened_at = 1u << 30,
					    .thread = UINT32_MAX,
					    .dup_of = LEDGER_NO_FD + 7,
					    .kind = FD_FILE,
					    .origin = FD_DUPLICATED,
				    },
			    read;

	(void)state;
	ledger_opened(&ledger, 7, &given);
	assert_true(ledger_read(&ledger, 7, &read, NULL));
	assert_int_equal(read.stack, given.stack);
	assert_int_equal(read.opened_at, (1u << 30) - 1);
	assert_int_equal(read.thread, (1u << 22) - 1);
	assert_int_equal(read.dup_of, LEDGER_NO_FD);
	assert_int_equal(read.kind, FD_FILE);
	assert_int_equal(read.origin, FD_DUPLICATED);
	/* A connection's id is kept in the field of the number that was copied. */
	ledger_set_connection(&ledger, 7, 5);
	assert_true(ledger_read(&ledger, 7, &read, NULL));
	assert_int_equal(read.connection, 5);
	assert_int_equal(read.dup_of, LEDGER_NO_FD);
}

static void impossible_numbers_are_refused(void **state)
{
	(void)state;
	open_at(-1, stack_of(1));
	assert_int_equal(ledger.dropped, 1);
	assert_false(ledger_read(&ledger, -1, NULL, NULL));
	assert_false(ledger_read(&ledger, INT32_MAX, NULL, NULL));
	assert_false(ledger_closing(&ledger, -1));
}

static void a_large_number_has_a_slot(void **state)
{
	(void)state;
	open_at(1000000, stack_of(1));
	assert_true(ledger_read(&ledger, 1000000, NULL, NULL));
	assert_int_equal(ledger_next(&ledger, 0), 1000000);
	assert_int_equal(ledger_next(&ledger, 1000001), -1);
	/* The first number of a page, after pages that don't exist. */
	open_at(5 * PAGE_SLOTS, stack_of(1));
	assert_int_equal(ledger_next(&ledger, 0), 5 * PAGE_SLOTS);
	assert_int_equal(ledger_next(&ledger, 3 * PAGE_SLOTS + 17), 5 * PAGE_SLOTS);
	assert_int_equal(ledger_next(&ledger, 5 * PAGE_SLOTS + 1), 1000000);
}

static void a_close_removes_the_entry(void **state)
{
	(void)state;
	open_at(5, stack_of(1));
	assert_true(ledger_closing(&ledger, 5));
	ledger_closed(&ledger, 5);
	assert_false(ledger_read(&ledger, 5, NULL, NULL));
	assert_false(ledger_closing(&ledger, 5));
}

static void a_number_opened_again_during_a_close_stays(void **state)
{
	struct ledger_entry entry;

	(void)state;
	open_at(5, stack_of(1));
	ledger_closing(&ledger, 5);
	open_at(5, stack_of(2));
	ledger_closed(&ledger, 5);
	assert_true(ledger_read(&ledger, 5, &entry, NULL));
	assert_int_equal(entry.stack, stack_of(2));
}

static void a_close_that_failed_leaves_the_entry(void **state)
{
	struct ledger_entry entry;

	(void)state;
	open_at(5, stack_of(1));
	ledger_closing(&ledger, 5);
	ledger_still_open(&ledger, 5);
	assert_true(ledger_read(&ledger, 5, &entry, NULL));
	assert_false(entry.closing);
}

/* The thread that closed the number is late: meanwhile the number was opened again, and marked
 * for a dup2 that fails. */
static void a_close_that_ends_late_removes_no_newer_entry(void **state)
{
	uint32_t stack = stack_of(1);

	(void)state;
	open_at(5, stack);
	struct closing late = slot_closing(&ledger, 5);
	open_at(5, stack);
	assert_true(ledger_closing(&ledger, 5));
	slot_closed(&ledger, late);
	ledger_still_open(&ledger, 5);
	assert_true(ledger_read(&ledger, 5, NULL, NULL));
	ledger_forget(&ledger, 5);
}

static void a_range_that_ends_late_removes_and_counts_what_it_has_marked(void **state)
{
	uint32_t stack = stack_of(1), other = stack_of(2);
	struct stack_figures *figures = stack_table_figures(&ledger.stacks, stack);
	struct stack_figures *others = stack_table_figures(&ledger.stacks, other);
	struct closing_range range;

	(void)state;
	assert_true(closer_table_start(&ledger.closers));
	open_at(5, stack);
	open_at(6, stack);
	ledger_closing_range(&ledger, &range, 5, 6);
	open_at(5, other);
	assert_true(ledger_closing(&ledger, 5)); /* by the thread that has it now */
	ledger_closed_range(&ledger, &range, stack);
	assert_true(ledger_read(&ledger, 5, NULL, NULL));
	assert_false(ledger_read(&ledger, 6, NULL, NULL));
	assert_int_equal(atomic_load(&figures->closers.first) >> CLOSER_COUNT, 2);
	assert_int_equal(atomic_load(&others->closers.first), 0);
	closer_table_stop(&ledger.closers);
}

/* close_range keeps no words of the entries that it has marked beyond the first few; a dup2 over
 * the number that fails puts the entry right. */
static void an_entry_that_a_late_range_removed_is_put_back(void **state)
{
	struct ledger_entry entry;
	uint32_t stack = stack_of(1);
	struct closing_range range;

	(void)state;
	for (int fd = 100; fd < 100 + CLOSING_KEPT; fd++)
		open_at(fd, stack);
	open_at(500, stack);
	ledger_closing_range(&ledger, &range, 100, 500);
	assert_int_equal(range.count, CLOSING_KEPT);
	open_at(500, stack);
	struct closing copied_over = slot_closing(&ledger, 500);
	ledger_closed_range(&ledger, &range, STACK_NONE);
	assert_false(ledger_read(&ledger, 500, NULL, NULL));
	slot_still_open(&ledger, copied_over);
	assert_true(ledger_read(&ledger, 500, &entry, NULL));
	assert_false(entry.closing);

	copied_over = slot_closing(&ledger, 500);
	slot_still_open(&ledger, copied_over);
	assert_true(ledger_read(&ledger, 500, &entry, NULL));
	assert_false(entry.closing);

	/* If the number was given out again, its entry is left alone, whether it is open, being
	 * closed, or closed. */
	copied_over = slot_closing(&ledger, 500);
	open_at(500, stack);
	assert_true(ledger_closing(&ledger, 500));
	slot_still_open(&ledger, copied_over);
	assert_true(ledger_read(&ledger, 500, &entry, NULL));
	assert_true(entry.closing);
	ledger_forget(&ledger, 500);
	slot_still_open(&ledger, copied_over);
	assert_false(ledger_read(&ledger, 500, NULL, NULL));
}

static void a_range_ends_where_it_says(void **state)
{
	struct closing_range range;

	(void)state;
	for (int fd = 3; fd < 10; fd++)
		open_at(fd, stack_of(1));
	ledger_closing_range(&ledger, &range, 4, 8);
	ledger_closed_range(&ledger, &range, STACK_NONE);
	assert_int_equal(ledger_next(&ledger, 0), 3);
	assert_int_equal(ledger_next(&ledger, 4), 9);
	ledger_closing_range(&ledger, &range, 3, UINT32_MAX);
	ledger_still_open_range(&ledger, &range);
	assert_int_equal(ledger_count(&ledger), 2);
}

static void opening_again_changes_the_words(void **state)
{
	struct ledger_words before, after;

	(void)state;
	open_at(5, stack_of(1));
	ledger_read(&ledger, 5, NULL, &before);
	ledger_closing(&ledger, 5);
	ledger_closed(&ledger, 5);
	open_at(5, stack_of(1));
	ledger_read(&ledger, 5, NULL, &after);
	assert_true(before.b != after.b);
	assert_false(ledger_forget_if(&ledger, 5, before));
	assert_true(ledger_forget_if(&ledger, 5, after));
}

static void figures_follow_opens_and_closes(void **state)
{
	uint32_t stack = stack_of(1);
	struct stack_figures *figures = stack_table_figures(&ledger.stacks, stack);

	(void)state;
	for (int fd = 3; fd < 13; fd++)
		open_at(fd, stack);
	for (int fd = 3; fd < 6; fd++) {
		ledger_closing(&ledger, fd);
		ledger_closed(&ledger, fd);
	}
	ledger_take_figures(&ledger);
	assert_int_equal(open_count_opened(figures->count.word), 10);
	assert_int_equal(figures->live, 7);
}

/* Two threads close one number, which is a defect of the program. */
static void a_close_that_counts_twice_spoils_only_the_count_of_open_ones(void **state)
{
	struct open_count count = {0};

	(void)state;
	open_count_open(&count, 1);
	open_count_close(&count);
	open_count_close(&count);
	assert_int_equal(open_count_live(count.word), -1);
	assert_int_equal(open_count_opened(count.word), 1);
	for (int i = 0; i < 5; i++)
		open_count_open(&count, 2);
	assert_int_equal(open_count_live(count.word), 4);
	assert_int_equal(open_count_opened(count.word), 6);
	assert_int_equal(count.peak, 4);
}

static uint32_t peak_of(uint32_t stack)
{
	return stack_table_figures(&ledger.stacks, stack)->count.peak;
}

static uint32_t held_of(uint32_t stack)
{
	return ledger_held(&ledger, stack_table_figures(&ledger.stacks, stack));
}

static void close_at(int fd)
{
	assert_true(ledger_closing(&ledger, fd));
	ledger_closed(&ledger, fd);
}

static void a_peak_outlives_the_closes(void **state)
{
	uint32_t stack = stack_of(1);
	struct ledger_entry entry = {.stack = stack, .opened_at = 7, .dup_of = LEDGER_NO_FD};

	(void)state;
	for (int fd = 0; fd < 100; fd++)
		ledger_opened(&ledger, fd, &entry);
	for (int fd = 0; fd < 100; fd++)
		close_at(fd);
	entry.opened_at = 9;
	for (int times = 0; times < 1000; times++) {
		ledger_opened(&ledger, 0, &entry);
		close_at(0);
	}
	assert_int_equal(peak_of(stack), 100);
	assert_int_equal(stack_table_figures(&ledger.stacks, stack)->count.peak_at, 7);
	assert_int_equal(ledger_peak(&ledger).opened, 100);
	assert_int_equal(ledger_peak(&ledger).all, 100);
	assert_int_equal(ledger_peak(&ledger).at, 7);
	assert_false(ledger_peak(&ledger).at_most);
}

/* All ways to open and close, in random order, compared with a model that knows what is open.
 * New numbers are the lowest free ones, as from the kernel, except copies to a chosen number. */
static void peaks_match_a_model(void **state)
{
	enum { STACKS = 5, NUMBERS = 64 };
	uint32_t stacks[STACKS], open[NUMBERS] = {0}, live[STACKS] = {0}, peaks[STACKS] = {0};
	uint32_t random = 12345, count = 0, most = 0;

	(void)state;
	for (int i = 0; i < STACKS; i++)
		stacks[i] = stack_of((frame_t)i + 1);
	for (int step = 0; step < 200000; step++) {
		random = random * 1664525 + 1013904223;
		uint32_t stack = (random >> 8) % STACKS, fd = (random >> 16) % NUMBERS;
		/* Phases of mostly opening and of mostly closing. */
		bool opens = (random >> 24) % 10 < (step / 1000 % 2 ? 7u : 3u);

		if (opens) {
			if ((random >> 28) % 2 || !open[fd])
				for (fd = 0; fd < NUMBERS && open[fd]; fd++)
					;
			if (fd == NUMBERS)
				continue;
			if (open[fd]) {
				live[open[fd] - 1]--, count--;
				if ((random >> 27) % 2)
					ledger_closing(&ledger, (int)fd);
			}
			open_at((int)fd, stacks[stack]);
			open[fd] = stack + 1;
			live[stack]++, count++;
		} else if (open[fd]) {
			struct ledger_words words;

			switch ((random >> 5) % 4) {
			case 0:
				close_at((int)fd);
				break;
			case 1:;
				struct closing_range range;

				ledger_closing_range(&ledger, &range, fd, fd);
				ledger_closed_range(&ledger, &range, STACK_NONE);
				break;
			case 2:
				ledger_forget(&ledger, (int)fd);
				break;
			default:
				assert_true(ledger_read(&ledger, (int)fd, NULL, &words));
				assert_true(ledger_forget_if(&ledger, (int)fd, words));
			}
			live[open[fd] - 1]--, count--;
			open[fd] = 0;
		}
		for (int i = 0; i < STACKS; i++)
			peaks[i] = live[i] > peaks[i] ? live[i] : peaks[i];
		most = count > most ? count : most;
		for (int i = 0; i < STACKS; i++) {
			struct stack_figures *figures =
				stack_table_figures(&ledger.stacks, stacks[i]);

			assert_int_equal(open_count_live(figures->count.word), live[i]);
			assert_int_equal(figures->count.peak, peaks[i]);
		}
		assert_int_equal(ledger_peak(&ledger).all, most);
		assert_false(ledger_peak(&ledger).at_most);
	}
}

static void numbers_that_a_program_chooses_make_no_peak_too_low(void **state)
{
	uint32_t stack = stack_of(1);
	struct ledger_entry copied = {
		.stack = stack, .origin = FD_DUPLICATED, .dup_of = LEDGER_NO_FD};

	(void)state;
	for (int fd = 0; fd < 3; fd++)
		open_at(fd, stack);
	for (int fd = 200; fd < 210; fd++)
		ledger_opened(&ledger, fd, &copied);
	assert_int_equal(ledger_peak(&ledger).all, 13);
	assert_true(ledger_peak(&ledger).at_most);
	/* Copies to a number that are closed again, one at a time, add one to the peak. */
	for (int times = 0; times < 50; times++) {
		ledger_opened(&ledger, 5000, &copied);
		close_at(5000);
	}
	assert_int_equal(ledger_peak(&ledger).all, 14);
	/* The kernel hands out numbers up to there, so the peak below them is exact. */
	for (int fd = 3; fd < 200; fd++)
		open_at(fd, stack);
	open_at(210, stack);
	assert_int_equal(ledger_peak(&ledger).all, 211);
	assert_false(ledger_peak(&ledger).at_most);
	/* Two threads record their numbers in the other order. */
	open_at(212, stack);
	open_at(211, stack);
	open_at(213, stack);
	assert_int_equal(ledger_peak(&ledger).all, 214);
	assert_false(ledger_peak(&ledger).at_most);
}

/* Numbers that a raw system call, or libc itself, has opened. */
static void an_unrecorded_number_makes_no_peak_uncertain(void **state)
{
	uint32_t stack = stack_of(1);

	(void)state;
	for (int fd = 0; fd < 103; fd++)
		if (fd != 3)
			open_at(fd, stack);
	assert_int_equal(ledger_peak(&ledger).all, 102);
	assert_false(ledger_peak(&ledger).at_most);
	for (int fd = 4; fd < 103; fd++)
		close_at(fd);
	assert_int_equal(held_of(stack), 102);
	for (int fd = 4; fd < 90; fd++)
		open_at(fd, stack);
	assert_int_equal(ledger_peak(&ledger).all, 102);
}

static void inherited_descriptors_are_no_peak_of_the_process(void **state)
{
	uint32_t stack = stack_of(1);
	struct ledger_entry inherited = {.origin = FD_INHERITED, .dup_of = LEDGER_NO_FD};

	(void)state;
	for (int fd = 0; fd < 3; fd++)
		ledger_opened(&ledger, fd, &inherited);
	ledger_opened(&ledger, 63, &inherited);
	for (int fd = 3; fd < 8; fd++)
		open_at(fd, stack);
	assert_int_equal(ledger_peak(&ledger).all, 9);
	assert_int_equal(ledger_peak(&ledger).opened, 5);
	assert_false(ledger_peak(&ledger).at_most);

	/* A child's peak begins with the descriptors that it has from its parent. */
	ledger_forked(&ledger, false);
	assert_int_equal(ledger_peak(&ledger).all, 9);
	assert_int_equal(ledger_peak(&ledger).opened, 0);
	assert_int_equal(peak_of(stack), 0);
	open_at(8, stack);
	assert_int_equal(ledger_peak(&ledger).opened, 1);
	assert_int_equal(peak_of(stack), 1);
	/* Closing a descriptor of the parent's changes nothing in the count of the child's own
	 * opens. */
	close_at(3);
	assert_int_equal(ledger_peak(&ledger).opened, 1);
	assert_int_equal(open_count_live(stack_table_figures(&ledger.stacks, stack)->count.word),
			 1);
	open_at(3, stack);
	assert_int_equal(peak_of(stack), 2);
	assert_int_equal(ledger_peak(&ledger).opened, 2);
	assert_int_equal(ledger_peak(&ledger).all, 10);
	assert_false(ledger_peak(&ledger).at_most);
	close_at(4);
	close_at(5);
	close_at(3);
	for (int fd = 3; fd < 6; fd++)
		open_at(fd, stack);
	assert_int_equal(ledger_peak(&ledger).opened, 4);
	assert_int_equal(ledger_peak(&ledger).all, 10);
}

static void descriptors_closed_in_a_teardown_were_held_until_then(void **state)
{
	uint32_t stack = stack_of(1), other = stack_of(2);

	(void)state;
	for (int fd = 0; fd < 100; fd++)
		open_at(fd, stack);
	assert_int_equal(held_of(stack), 100);
	for (int fd = 0; fd < 60; fd++)
		close_at(fd);
	/* A teardown may open a file or two itself. */
	open_at(0, other);
	close_at(0);
	for (int fd = 60; fd < 100; fd++)
		close_at(fd);
	assert_int_equal(held_of(stack), 100);
	/* A program that opens more than that goes on, so this was no teardown. */
	for (int times = 0; times < LEDGER_TEARDOWN_OPENS; times++) {
		open_at(0, other);
		close_at(0);
	}
	assert_int_equal(held_of(stack), 0);
}

static void an_adopted_descriptor_never_replaces_a_recorded_one(void **state)
{
	uint32_t stack = stack_of(1);
	struct ledger_entry entry;
	struct ledger_words words;

	(void)state;
	open_at(3, stack);
	assert_false(ledger_adopt(&ledger, 3, &words));
	assert_true(ledger_read(&ledger, 3, &entry, NULL));
	assert_int_equal(entry.stack, stack);

	assert_true(ledger_adopt(&ledger, 4, &words));
	assert_true(ledger_read(&ledger, 4, &entry, NULL));
	assert_int_equal(entry.origin, FD_INHERITED);
	assert_int_equal(entry.stack, STACK_NONE);
	assert_int_equal(entry.dup_of, LEDGER_NO_FD);
	assert_false(ledger_adopt(&ledger, 4, &words));

	/* It was closed before it was adopted. */
	assert_true(ledger_adopt(&ledger, 5, &words));
	assert_true(ledger_forget_if(&ledger, 5, words));
	assert_false(ledger_read(&ledger, 5, NULL, NULL));
	/* Another thread has been given the number since. */
	assert_true(ledger_adopt(&ledger, 5, &words));
	open_at(5, stack);
	assert_false(ledger_forget_if(&ledger, 5, words));
	assert_true(ledger_read(&ledger, 5, &entry, NULL));
	assert_int_equal(entry.stack, stack);
}

static void a_descriptor_is_handed_over_to_another_stack(void **state)
{
	uint32_t loop = stack_of(1), callback = stack_of(2);
	struct captured to = {callback, stack_table_figures(&ledger.stacks, callback)};
	struct ledger_entry read;

	(void)state;
	open_at(7, loop);
	assert_true(ledger_hand_over(&ledger, 7, loop, to));
	assert_true(ledger_read(&ledger, 7, &read, NULL));
	assert_int_equal(read.stack, callback);
	uint64_t count = atomic_load(&to.figures->count.word);
	assert_int_equal(open_count_opened(count), 1);
	assert_int_equal(open_count_live(count), 1);
	count = atomic_load(&stack_table_figures(&ledger.stacks, loop)->count.word);
	assert_int_equal(open_count_live(count), 0);
	/* Not twice, not without an entry, and not while it is being closed. */
	assert_false(ledger_hand_over(&ledger, 7, loop, to));
	assert_false(ledger_hand_over(&ledger, 8, loop, to));
	open_at(8, loop);
	ledger_closing(&ledger, 8);
	assert_false(ledger_hand_over(&ledger, 8, loop, to));
	ledger_closed(&ledger, 8);
	ledger_closing(&ledger, 7);
	ledger_closed(&ledger, 7);
	count = atomic_load(&to.figures->count.word);
	assert_int_equal(open_count_opened(count), 1);
	assert_int_equal(open_count_live(count), 0);
}

static void a_cleared_ledger_begins_anew(void **state)
{
	uint32_t stack = stack_of(1);
	struct ledger_words words;

	(void)state;
	for (int fd = 3; fd < 9; fd++)
		open_at(fd, stack);
	close_at(3);
	ledger_clear(&ledger);
	assert_int_equal(ledger_count(&ledger), 0);
	assert_int_equal(open_count_opened(stack_table_figures(&ledger.stacks, stack)->count.word),
			 0);
	assert_true(ledger_adopt(&ledger, 4, &words));
	open_at(3, stack);
	assert_int_equal(ledger_peak(&ledger).opened, 1);
	assert_int_equal(open_count_live(stack_table_figures(&ledger.stacks, stack)->count.word),
			 1);
}

static void a_forked_process_starts_counting_again(void **state)
{
	uint32_t stack = stack_of(1);
	struct stack_figures *figures = stack_table_figures(&ledger.stacks, stack);
	struct ledger_entry entry;

	(void)state;
	open_at(3, stack);
	/* More forks than the generation counter has values. */
	for (int forks = 0; forks < 3 * LEDGER_GENERATIONS; forks++) {
		ledger_forked(&ledger, false);
		assert_true(ledger_read(&ledger, 3, &entry, NULL));
		assert_true(entry.before_fork);
	}
	open_at(4, stack);
	assert_true(ledger_read(&ledger, 4, &entry, NULL));
	assert_false(entry.before_fork);
	ledger_take_figures(&ledger);
	assert_int_equal(open_count_opened(figures->count.word), 1);
	assert_int_equal(figures->live, 1);
}

static void a_torn_stack_table_is_rebuilt(void **state)
{
	uint32_t first = stack_of(1), second = stack_of(2);

	(void)state;
	ledger.stacks.head = NULL;
	ledger_forked(&ledger, true);
	assert_int_equal(stack_of(1), first);
	assert_int_equal(stack_of(2), second);
}

static void equal_stacks_are_one_unless_their_ends_differ(void **state)
{
	frame_t frames[STACK_DEPTH_MAX] = {1, 2, 3};
	uint32_t whole = stack_table_intern(&ledger.stacks, frames, 3, STACK_COMPLETE);

	(void)state;
	assert_int_equal(stack_table_intern(&ledger.stacks, frames, 3, STACK_COMPLETE), whole);
	assert_int_not_equal(stack_table_intern(&ledger.stacks, frames, 3, STACK_DEEPER), whole);
	assert_int_not_equal(stack_table_intern(&ledger.stacks, frames, 2, STACK_COMPLETE), whole);
	assert_int_not_equal(
		stack_table_intern(&ledger.stacks, frames, STACK_DEPTH_MAX, STACK_COMPLETE), whole);
}

static void a_stack_that_is_too_deep_says_that_it_was_cut(void **state)
{
	frame_t frames[STACK_DEPTH_MAX + 44];
	struct stack_view view;

	(void)state;
	for (uint32_t i = 0; i < STACK_DEPTH_MAX + 44; i++)
		frames[i] = i;
	uint32_t deep =
		stack_table_intern(&ledger.stacks, frames, STACK_DEPTH_MAX + 44, STACK_COMPLETE);
	assert_true(stack_table_view(&ledger.stacks, deep, &view));
	assert_int_equal(view.depth, STACK_DEPTH_MAX);
	assert_int_equal(view.end, STACK_DEEPER);
	assert_int_equal(stack_table_intern(&ledger.stacks, frames, STACK_DEPTH_MAX, STACK_DEEPER),
			 deep);
}

static void thousands_of_stacks_keep_their_frames(void **state)
{
	struct stack_view view;

	(void)state;
	for (frame_t frame = 1; frame <= 20000; frame++) {
		uint32_t id = stack_of(frame);
		assert_true(stack_table_view(&ledger.stacks, id, &view));
		assert_int_equal(view.frames[0], frame);
		assert_int_equal(view.depth, 1);
	}
	assert_int_equal(stack_of(777), STACK_FIRST + 776);
	assert_false(stack_table_view(&ledger.stacks, STACK_NONE, &view));
	assert_false(stack_table_view(&ledger.stacks, STACK_LIMIT - 1, &view));
}

static void a_copy_is_complete_and_independent(void **state)
{
	struct arena other_arena = {.limit = 0};
	struct ledger copy;
	struct ledger_entry entry;
	struct stack_view view;
	frame_t frames[] = {FRAME_MAKE(1, 77), FRAME_MAKE(1, 88)};
	uint32_t stack = stack_table_intern(&ledger.stacks, frames, 2, STACK_DEEPER);
	uint32_t module =
		module_table_add(&ledger.modules, "/some/module", (const uint8_t *)"", 0, 1, 2, 3);
	uint32_t connection = connection_table_intern(&ledger.connections, stack, NULL, 0);

	(void)state;
	open_at(3000, stack);
	ledger_set_connection(&ledger, 3000, connection);
	assert_true(ledger_init(&copy, &other_arena));
	assert_true(ledger_copy(&copy, &ledger));
	ledger_forked(&copy, false);
	ledger_forget(&ledger, 3000);

	assert_true(ledger_read(&copy, 3000, &entry, NULL));
	assert_true(entry.before_fork);
	assert_int_equal(entry.stack, stack);
	assert_int_equal(connection_table_get(&copy.connections, entry.connection)->stack, stack);
	assert_string_equal(module_table_get(&copy.modules, module)->path, "/some/module");
	assert_true(module_table_get(&copy.modules, module)->path !=
		    module_table_get(&ledger.modules, module)->path);
	assert_true(stack_table_view(&copy.stacks, stack, &view));
	assert_int_equal(view.depth, 2);
	assert_int_equal(view.end, STACK_DEEPER);
	assert_memory_equal(view.frames, frames, sizeof(frames));
	/* The copy finds the stack by its frames, too, and new stacks are added to the copy
	 * only. */
	assert_int_equal(stack_table_intern(&copy.stacks, frames, 2, STACK_DEEPER), stack);
	assert_int_equal(stack_table_intern(&copy.stacks, frames, 1, STACK_DEEPER),
			 atomic_load(&ledger.stacks.count));

	ledger_release(&copy);
	arena_release(&other_arena);
	assert_int_equal(atomic_load(&other_arena.total), 0);
	assert_true(stack_table_view(&ledger.stacks, stack, &view));
}

static void *churn(void *data)
{
	int fd = (int)(intptr_t)data;

	for (int i = 0; i < 20000; i++) {
		open_at(fd, STACK_FIRST);
		ledger_closing(&ledger, fd);
		ledger_closed(&ledger, fd);
	}
	open_at(fd, STACK_FIRST);
	return NULL;
}

static void threads_lose_nothing(void **state)
{
	enum { THREADS = 8 };
	pthread_t threads[THREADS];
	uint32_t stack = stack_of(1);

	(void)state;
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, churn, (void *)(i * 1000));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ledger_take_figures(&ledger);
	assert_int_equal(open_count_opened(stack_table_figures(&ledger.stacks, stack)->count.word),
			 THREADS * 20001);
	assert_int_equal(stack_table_figures(&ledger.stacks, stack)->live, THREADS);
	assert_int_equal(open_count_live(stack_table_figures(&ledger.stacks, stack)->count.word),
			 THREADS);
	assert_uint_in_range(peak_of(stack), THREADS, THREADS);
	assert_int_equal(ledger_count(&ledger), THREADS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		TEST(an_entry_reads_back_as_it_was_written),
		TEST(a_value_that_does_not_fit_stays_in_its_field),
		TEST(impossible_numbers_are_refused),
		TEST(a_large_number_has_a_slot),
		TEST(a_close_removes_the_entry),
		TEST(a_number_opened_again_during_a_close_stays),
		TEST(a_close_that_failed_leaves_the_entry),
		TEST(a_close_that_ends_late_removes_no_newer_entry),
		TEST(a_range_that_ends_late_removes_and_counts_what_it_has_marked),
		TEST(an_entry_that_a_late_range_removed_is_put_back),
		TEST(a_range_ends_where_it_says),
		TEST(opening_again_changes_the_words),
		TEST(figures_follow_opens_and_closes),
		TEST(a_close_that_counts_twice_spoils_only_the_count_of_open_ones),
		TEST(a_peak_outlives_the_closes),
		TEST(peaks_match_a_model),
		TEST(numbers_that_a_program_chooses_make_no_peak_too_low),
		TEST(an_unrecorded_number_makes_no_peak_uncertain),
		TEST(inherited_descriptors_are_no_peak_of_the_process),
		TEST(descriptors_closed_in_a_teardown_were_held_until_then),
		TEST(an_adopted_descriptor_never_replaces_a_recorded_one),
		TEST(a_descriptor_is_handed_over_to_another_stack),
		TEST(a_cleared_ledger_begins_anew),
		TEST(a_forked_process_starts_counting_again),
		TEST(a_torn_stack_table_is_rebuilt),
		TEST(equal_stacks_are_one_unless_their_ends_differ),
		TEST(a_stack_that_is_too_deep_says_that_it_was_cut),
		TEST(thousands_of_stacks_keep_their_frames),
		TEST(a_copy_is_complete_and_independent),
		TEST(threads_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
