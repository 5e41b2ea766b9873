// SPDX-License-Identifier: MIT
/* The roster: records pass from process to process, text is read back as it was written, and
 * nothing in it is trusted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/roster.h"
#include "tools/run/run_roster.h"

static struct run_roster roster;

static int create(void **state)
{
	(void)state;
	return run_roster_create(&roster);
}

static int destroy(void **state)
{
	(void)state;
	run_roster_destroy(&roster);
	return 0;
}

static struct roster_record *take(enum roster_state state, int pid, int parent)
{
	return roster_take(roster.header, state, pid, parent, 7, "program", "/bin/file",
			   ROSTER_NO_REASON);
}

static uint32_t state_of(const struct roster_record *record)
{
	return atomic_load(&record->state);
}

static void a_long_path_keeps_its_end(void **state)
{
	char path[300], program[100];

	(void)state;
	memset(path, 'd', sizeof(path));
	strcpy(path + 280, "/the-program");
	memset(program, 'p', sizeof(program) - 1);
	program[sizeof(program) - 1] = '\0';
	struct roster_record *record = roster_take(roster.header, ROSTER_EXECUTING, 5, 0, 7,
						   program, path, ROSTER_NO_REASON);

	assert_int_equal(strlen(record->file), sizeof(record->file) - 1);
	assert_string_equal(record->file + strlen(record->file) - 12, "/the-program");
	/* A name that is too long loses its end. */
	assert_int_equal(strlen(record->program), sizeof(record->program) - 1);
	record =
		roster_take(roster.header, ROSTER_EXECUTING, 6, 0, 7, NULL, NULL, ROSTER_NO_REASON);
	assert_string_equal(record->file, "");
	assert_string_equal(record->program, "");
}

static size_t count_taken(void)
{
	size_t count = 0;

	for (size_t i = 0; i < ROSTER_RECORDS; i++)
		count += state_of(&roster.header->records[i]) != ROSTER_FREE;
	return count;
}

static void a_process_that_ends_well_leaves_no_record(void **state)
{
	(void)state;
	struct roster_record *record = take(ROSTER_RUNNING, 5, 0);

	assert_int_equal(roster_pid(record), 5);
	assert_string_equal(record->program, "program");
	assert_string_equal(record->file, "/bin/file");
	roster_ended(record, 0);
	assert_int_equal(count_taken(), 0);
}

static void a_process_leaves_an_error_a_reason_and_a_text(void **state)
{
	(void)state;
	struct roster_record *error = take(ROSTER_RUNNING, 5, 0),
			     *reason = take(ROSTER_RUNNING, 6, 0),
			     *text = take(ROSTER_RUNNING, 7, 0);

	roster_ended(error, ENOSPC);
	reason->reason = ROSTER_GO;
	roster_ended(reason, 0);
	assert_int_equal(roster_write(roster.header, text, "x", 1), 0);
	roster_ended(text, 0);
	assert_int_equal(state_of(error), ROSTER_ENDED);
	assert_int_equal(error->error, ENOSPC);
	assert_int_equal(state_of(reason), ROSTER_ENDED);
	assert_int_equal(state_of(text), ROSTER_ENDED);
}

static void an_executed_program_removes_its_record(void **state)
{
	(void)state;
	struct roster_record *other = take(ROSTER_EXECUTING, 6, 0),
			     *older = take(ROSTER_EXECUTING, 5, 0),
			     *younger = take(ROSTER_EXECUTING, 5, 0);

	younger->since_ms = older->since_ms + 1;
	roster_arrived(roster.header, 5, 1, 7);
	assert_int_equal(state_of(younger), ROSTER_FREE);
	assert_int_equal(state_of(older), ROSTER_EXECUTING);
	assert_int_equal(state_of(other), ROSTER_EXECUTING);
	/* A process in another PID namespace; then one whose namespace is not known, as without
	 * /proc. */
	roster_arrived(roster.header, 6, 1, 8);
	assert_int_equal(state_of(other), ROSTER_EXECUTING);
	roster_arrived(roster.header, 6, 1, 0);
	assert_int_equal(state_of(other), ROSTER_FREE);
}

static void a_spawned_program_is_known_by_its_parent_until_it_has_a_number(void **state)
{
	(void)state;
	struct roster_record *record = take(ROSTER_EXECUTING, 0, 4);

	roster_arrived(roster.header, 9, 3, 7);
	assert_int_equal(state_of(record), ROSTER_EXECUTING);
	roster_arrived(roster.header, 9, 4, 7);
	assert_int_equal(state_of(record), ROSTER_FREE);

	record = take(ROSTER_EXECUTING, 0, 4);
	roster_spawned(record, atomic_load(&record->whose), 10);
	roster_arrived(roster.header, 9, 4, 7);
	assert_int_equal(state_of(record), ROSTER_EXECUTING);
	roster_arrived(roster.header, 10, 1, 7);
	assert_int_equal(state_of(record), ROSTER_FREE);
}

static void a_spawned_program_leaves_the_record_of_the_next_one(void **state)
{
	(void)state;
	struct roster_record *first = take(ROSTER_EXECUTING, 0, 4);

	roster_spawned(first, atomic_load(&first->whose), 9);
	struct roster_record *next = take(ROSTER_EXECUTING, 0, 4);
	next->since_ms = first->since_ms + 1;
	roster_arrived(roster.header, 9, 4, 7);
	assert_int_equal(state_of(first), ROSTER_FREE);
	assert_int_equal(state_of(next), ROSTER_EXECUTING);
	roster_arrived(roster.header, 10, 4, 7);
	assert_int_equal(state_of(next), ROSTER_FREE);

	/* Neither has a number yet. */
	first = take(ROSTER_EXECUTING, 0, 4);
	next = take(ROSTER_EXECUTING, 0, 4);
	next->since_ms = first->since_ms + 1;
	roster_arrived(roster.header, 11, 4, 7);
	assert_int_equal(state_of(first), ROSTER_FREE);
	assert_int_equal(state_of(next), ROSTER_EXECUTING);
}

static void a_record_of_another_process_is_left_alone(void **state)
{
	(void)state;
	struct roster_record *record = take(ROSTER_EXECUTING, 0, 4);
	uint64_t whose = atomic_load(&record->whose);

	roster_free(record, whose);
	assert_ptr_equal(take(ROSTER_EXECUTING, 0, 4), record);
	roster_free(record, whose);
	assert_int_equal(state_of(record), ROSTER_EXECUTING);
	roster_spawned(record, whose, 10);
	assert_int_equal(roster_pid(record), 0);
}

static void processes_without_a_record_are_counted(void **state)
{
	(void)state;
	for (int i = 0; i < ROSTER_RECORDS; i++)
		assert_non_null(take(ROSTER_RUNNING, i + 1, 0));
	assert_null(take(ROSTER_RUNNING, 1, 0));
	assert_null(take(ROSTER_RUNNING, 1, 0));
	assert_int_equal(atomic_load(&roster.header->lost), 2);
}

static void text_is_read_back_as_it_was_written(void **state)
{
	(void)state;
	struct roster_record *one = take(ROSTER_RUNNING, 1, 0), *other = take(ROSTER_RUNNING, 2, 0);
	size_t length;

	assert_int_equal(roster_write(roster.header, one, "first ", 6), 0);
	assert_int_equal(roster_write(roster.header, other, "another", 7), 0);
	assert_int_equal(roster_write(roster.header, one, "second", 6), 0);
	char *text = run_roster_text(&roster, one, &length);
	assert_int_equal(length, 12);
	assert_memory_equal(text, "first second", 12);
	free(text);
	text = run_roster_text(&roster, other, &length);
	assert_int_equal(length, 7);
	assert_memory_equal(text, "another", 7);
	free(text);
}

static void a_full_roster_takes_no_text(void **state)
{
	(void)state;
	struct roster_record *record = take(ROSTER_RUNNING, 1, 0);

	assert_int_equal(roster_write(roster.header, record, "x", ROSTER_TEXT + 1), ENOSPC);
	atomic_store(&roster.header->next_text, ROSTER_SIZE - 16);
	assert_int_equal(roster_write(roster.header, record, "x", 1), ENOSPC);
	/* A program has overwritten the offset. */
	atomic_store(&roster.header->next_text, 16);
	assert_int_equal(roster_write(roster.header, record, "x", 1), ENOSPC);
	assert_int_equal(atomic_load(&record->first), 0);
}

static void offsets_and_lengths_are_checked(void **state)
{
	(void)state;
	struct roster_record *record = take(ROSTER_RUNNING, 1, 0);
	uint64_t spoilt[][2] = {
		{ROSTER_FIXED, 4},              /* its own offset again */
		{ROSTER_FIXED + 1, UINT64_MAX}, /* too long */
		{UINT64_MAX, 4},
		{1, 4},
		{ROSTER_SIZE - 8, 4},
	};
	size_t length;

	for (size_t i = 0; i < sizeof(spoilt) / sizeof(*spoilt); i++) {
		assert_int_equal(pwrite(roster.memory, spoilt[i], 16, ROSTER_FIXED), 16);
		atomic_store(&record->first, ROSTER_FIXED);
		char *text = run_roster_text(&roster, record, &length);
		assert_non_null(text);
		assert_true(length <= 4);
		free(text);
	}
	const uint64_t places[] = {1, ROSTER_FIXED - 1, ROSTER_SIZE, ROSTER_SIZE - 1, UINT64_MAX};
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		atomic_store(&record->first, places[i]);
		char *text = run_roster_text(&roster, record, &length);
		assert_int_equal(length, 0);
		free(text);
	}
}

static void memory_with_another_token_or_size_is_refused(void **state)
{
	(void)state;
	char token[ROSTER_TOKEN];

	memcpy(token, roster.header->token, ROSTER_TOKEN);
	struct roster_header *mapped = roster_map(roster.memory, token);
	assert_non_null(mapped);
	roster_unmap(mapped);
	token[0] ^= 1;
	assert_null(roster_map(roster.memory, token));
	assert_int_equal(ftruncate(roster.memory, 1), -1); /* sealed */
	assert_null(roster_map(roster.socket, token));
}

static void a_living_process_is_known_by_number_and_start(void **state)
{
	(void)state;
	struct roster_record *record =
		roster_take(roster.header, ROSTER_RUNNING, (int)getpid(), 0, roster_pid_namespace(),
			    "x", NULL, ROSTER_NO_REASON);

	assert_true(run_roster_lives(record));
	/* Its number belongs now to a process that started after the record was taken. */
	record->since_ms = 0;
	assert_false(run_roster_lives(record));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, create, destroy)
	static const struct CMUnitTest tests[] = {
		TEST(a_process_that_ends_well_leaves_no_record),
		TEST(a_process_leaves_an_error_a_reason_and_a_text),
		TEST(an_executed_program_removes_its_record),
		TEST(a_spawned_program_is_known_by_its_parent_until_it_has_a_number),
		TEST(a_spawned_program_leaves_the_record_of_the_next_one),
		TEST(a_record_of_another_process_is_left_alone),
		TEST(processes_without_a_record_are_counted),
		TEST(a_long_path_keeps_its_end),
		TEST(text_is_read_back_as_it_was_written),
		TEST(a_full_roster_takes_no_text),
		TEST(offsets_and_lengths_are_checked),
		TEST(memory_with_another_token_or_size_is_refused),
		TEST(a_living_process_is_known_by_number_and_start),
	};

	return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
