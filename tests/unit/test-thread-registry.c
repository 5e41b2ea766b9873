// SPDX-License-Identifier: MIT
/*
 * The threads that are in a hook, as a snapshot sees them. The runtime's own state is the test's
 * here: nothing else of runtime/ is linked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/runtime/runtime.h"
#include "preload/runtime/thread_registry.h"

static struct wiped wiped;
struct runtime runtime = {.wiped = &wiped};
_Thread_local struct thread_state thread_state;

enum { MOST = 8, MANY = 3000 };

static void enter(void)
{
	thread_state.tid = (uint32_t)syscall(SYS_gettid);
	thread_registry_add();
}

static int begin(void **state)
{
	(void)state;
	runtime.pid = getpid();
	thread_registry_forked();
	memset(&thread_state, 0, sizeof(thread_state));
	return 0;
}

static void expect(const int *expected, size_t count)
{
	int fds[MOST];

	assert_int_equal(thread_registry_in_flight(fds, MOST), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(fds[i], expected[i]);
}

static void a_thread_is_in_a_hook_from_its_beginning_to_its_end(void **state)
{
	(void)state;
	assert_int_equal(thread_registry_opens(getpid()), -1);
	enter();
	assert_int_equal(thread_registry_opens(getpid()), 0);
	hook_begins(&thread_state);
	assert_int_equal(thread_registry_opens(getpid()), 1);
	hook_ends();
	assert_int_equal(thread_registry_opens(getpid()), 0);
	assert_int_equal(thread_registry_opens(getpid() + 1), -1);
}

static void what_is_being_recorded_is_in_flight(void **state)
{
	int pair[2] = {11, 12};
	struct awaited filling = {AWAITED_PAIR, pair};

	(void)state;
	enter();
	expect(NULL, 0);
	hook_begins(&thread_state);
	expect(NULL, 0);
	thread_state.recording = 9 + 1;
	expect((const int[]){9}, 1);
	hook_fills(&filling);
	expect(pair, 2);
	filling.form = AWAITED_ONE;
	expect(pair, 1);
	/* Memory that can't be read is no entry, and no crash. */
	filling.filled = (void *)16;
	expect(NULL, 0);
	hook_ends();
	expect(NULL, 0);
}

static pthread_barrier_t entered, asked;
static _Atomic int other;

static void *opens(void *unused)
{
	enter();
	other = (int)thread_state.tid;
	hook_begins(&thread_state);
	thread_state.recording = 20 + 1;
	pthread_barrier_wait(&entered);
	pthread_barrier_wait(&asked);
	return unused;
}

/* It ends in the middle of its record, and its memory may be that of another thread. */
static void a_thread_is_seen_by_others_until_it_has_ended(void **state)
{
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&entered, NULL, 2);
	pthread_barrier_init(&asked, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, opens, NULL), 0);
	pthread_barrier_wait(&entered);
	assert_int_equal(thread_registry_opens(other), 1);
	expect((const int[]){20}, 1);
	pthread_barrier_wait(&asked);
	pthread_join(thread, NULL);
	while (syscall(SYS_tgkill, getpid(), other, 0) == 0)
		sched_yield();
	expect(NULL, 0);
}

static void *comes_and_goes(void *unused)
{
	enter();
	return thread_registry_opens((int)thread_state.tid) == 0 ? unused : NULL;
}

static void places_of_threads_that_have_ended_are_used_again(void **state)
{
	(void)state;
	for (int i = 0; i < MANY; i++) {
		pthread_t thread;
		void *seen;

		assert_int_equal(pthread_create(&thread, NULL, comes_and_goes, &i), 0);
		pthread_join(thread, &seen);
		assert_ptr_equal(seen, &i);
	}
}

static void in_a_forked_process_nobody_is_left(void **state)
{
	(void)state;
	enter();
	hook_begins(&thread_state);
	thread_state.recording = 9 + 1;
	thread_registry_forked();
	assert_int_equal(thread_registry_opens(getpid()), -1);
	expect(NULL, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function) {.name = title, .test_func = function, .setup_func = begin}
		TEST("a thread is in a hook from its beginning to its end",
		     a_thread_is_in_a_hook_from_its_beginning_to_its_end),
		TEST("what is being recorded is in flight", what_is_being_recorded_is_in_flight),
		TEST("a thread is seen by others until it has ended",
		     a_thread_is_seen_by_others_until_it_has_ended),
		TEST("places of threads that have ended are used again",
		     places_of_threads_that_have_ended_are_used_again),
		TEST("in a forked process no other thread is left",
		     in_a_forked_process_nobody_is_left),
	};

	return cmocka_run_group_tests_name("thread registry", tests, NULL, NULL);
}
