// SPDX-License-Identifier: MIT
/* Which thread takes a snapshot when several want one: preload/runtime/snapshot_queue.h. A
 * snapshot here is two readings of a clock that only counts. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include "../in_range.h"
#include "preload/runtime/snapshot_queue.h"

enum { THREADS = 6, REQUESTS = 2000 };

static _Atomic uint32_t turns;
static _Atomic long now, last_begin;
static _Atomic int inside, overlaps, most_in_a_row, refused;

static void take_one(void)
{
	if (atomic_exchange(&inside, 1))
		overlaps++;
	last_begin = ++now;
	for (int i = 0; i < 3; i++)
		sched_yield();
	inside = 0;
}

/* Does the same as a thread with a request: runtime/trigger.c. */
static void request(enum snapshot_queue_kind kind)
{
	bool mine = snapshot_queue_begin(&turns, kind, true);
	int in_a_row = 0;

	if (!mine && kind != QUEUE_SHARED)
		refused++;
	while (mine) {
		take_one();
		in_a_row++;
		mine = snapshot_queue_end(&turns, kind);
	}
	int most = most_in_a_row;
	while (in_a_row > most && !atomic_compare_exchange_weak(&most_in_a_row, &most, in_a_row))
		;
}

static pthread_barrier_t begin, end;
static _Atomic long asked_at[THREADS];

static void *ask(void *data)
{
	long number = (long)data;

	for (int i = 0; i < REQUESTS; i++) {
		pthread_barrier_wait(&begin);
		for (int j = 0; j <= i % 3; j++) {
			asked_at[number] = ++now;
			request(number == 0 && i % 2 ? QUEUE_OWN : QUEUE_SHARED);
		}
		pthread_barrier_wait(&end);
	}
	return NULL;
}

static void each_request_is_followed_by_a_snapshot_that_begins_after_it_one_at_a_time(void **state)
{
	pthread_t threads[THREADS];
	long unanswered = 0;

	(void)state;
	pthread_barrier_init(&begin, NULL, THREADS + 1);
	pthread_barrier_init(&end, NULL, THREADS + 1);
	for (long i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, (void *)i), 0);
	for (int i = 0; i < REQUESTS; i++) {
		pthread_barrier_wait(&begin);
		pthread_barrier_wait(&end);
		for (int j = 0; j < THREADS; j++)
			unanswered += last_begin <= asked_at[j];
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(unanswered, 0);
	assert_int_equal(overlaps, 0);
	assert_int_equal(refused, 0);
	/* No thread waits, and no request is left. */
	assert_int_equal(turns, 0);
}

static void no_thread_takes_more_than_two_snapshots_in_a_row(void **state)
{
	(void)state;
	assert_uint_in_range(most_in_a_row, 1, 2);
}

static void a_request_during_another_snapshot_is_left_to_the_busy_thread_once(void **state)
{
	_Atomic uint32_t mine = 0;

	(void)state;
	assert_true(snapshot_queue_begin(&mine, QUEUE_SHARED, true));
	assert_false(snapshot_queue_begin(&mine, QUEUE_SHARED, true));
	assert_false(snapshot_queue_begin(&mine, QUEUE_SHARED, true));
	assert_true(snapshot_queue_end(&mine, QUEUE_SHARED));
	assert_false(snapshot_queue_end(&mine, QUEUE_SHARED));
	assert_int_equal(mine, 0);
}

static void *take_in_turn(void *data)
{
	_Atomic uint32_t *queue = data;
	bool mine = snapshot_queue_begin(queue, QUEUE_SHARED, true);

	while (mine)
		mine = snapshot_queue_end(queue, QUEUE_SHARED);
	return NULL;
}

static void a_request_during_a_repeated_snapshot_waits_for_its_turn(void **state)
{
	_Atomic uint32_t mine = 0;
	pthread_t other;

	(void)state;
	assert_true(snapshot_queue_begin(&mine, QUEUE_SHARED, true));
	assert_false(snapshot_queue_begin(&mine, QUEUE_SHARED, true));
	assert_true(snapshot_queue_end(&mine, QUEUE_SHARED));
	uint32_t repeating = mine;
	assert_int_equal(pthread_create(&other, NULL, take_in_turn, &mine), 0);
	while (mine == repeating)
		sched_yield();
	assert_false(snapshot_queue_end(&mine, QUEUE_SHARED));
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(mine, 0);
}

static void a_request_that_may_not_wait_has_the_last_snapshot_repeated(void **state)
{
	_Atomic uint32_t mine = 0;

	(void)state;
	assert_true(snapshot_queue_begin(&mine, QUEUE_SHARED, false));
	for (int i = 0; i < 3; i++) {
		assert_false(snapshot_queue_begin(&mine, QUEUE_SHARED, false));
		assert_true(snapshot_queue_end(&mine, QUEUE_SHARED));
	}
	assert_false(snapshot_queue_end(&mine, QUEUE_SHARED));
	assert_int_equal(mine, 0);
}

static void a_snapshot_at_the_end_of_the_program_is_not_repeated(void **state)
{
	_Atomic uint32_t mine = 0;

	(void)state;
	assert_true(snapshot_queue_begin(&mine, QUEUE_FINAL, true));
	assert_false(snapshot_queue_begin(&mine, QUEUE_SHARED, false));
	assert_false(snapshot_queue_end(&mine, QUEUE_FINAL));
	assert_int_equal(mine, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "each request is followed by a snapshot that begins after it, one at a "
			 "time",
		 .test_func =
			 each_request_is_followed_by_a_snapshot_that_begins_after_it_one_at_a_time},
		{.name = "no thread takes more than two snapshots in a row",
		 .test_func = no_thread_takes_more_than_two_snapshots_in_a_row},
		{.name = "a request during another snapshot is left to the busy thread, once",
		 .test_func = a_request_during_another_snapshot_is_left_to_the_busy_thread_once},
		{.name = "a request during a repeated snapshot waits for its turn",
		 .test_func = a_request_during_a_repeated_snapshot_waits_for_its_turn},
		{.name = "a request that may not wait has the last snapshot repeated",
		 .test_func = a_request_that_may_not_wait_has_the_last_snapshot_repeated},
		{.name = "a snapshot at the end of the program is not repeated",
		 .test_func = a_snapshot_at_the_end_of_the_program_is_not_repeated},
	};
	return cmocka_run_group_tests_name("snapshot-queue", tests, NULL, NULL);
}
