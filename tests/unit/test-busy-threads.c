// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/core/snapshot/busy_threads.h"
#include "../skip.h"

static _Atomic int tid;
static _Atomic bool ends;

static void *is_busy(void *unused)
{
	tid = (int)syscall(SYS_gettid);
	while (!ends)
		;
	return unused;
}

static void *sleeps(void *unused)
{
	tid = (int)syscall(SYS_gettid);
	while (!ends)
		usleep(1000);
	return unused;
}

/* If the kernel doesn't count the time of threads, no thread counts as busy and no caller waits. */
static bool kernel_tells(void)
{
	char text[64] = "";
	FILE *file = fopen("/proc/self/schedstat", "re");
	bool tells = file && fgets(text, sizeof(text), file) && text[0] != '0';

	if (file)
		fclose(file);
	return tells;
}

static bool has(const struct busy_threads *busy, int thread)
{
	for (size_t i = 0; i < busy->count; i++)
		if (busy->threads[i].thread == (uint32_t)thread)
			return true;
	return false;
}

static pthread_t begin(void *(*function)(void *))
{
	pthread_t thread;

	tid = 0;
	ends = false;
	assert_int_equal(pthread_create(&thread, NULL, function, NULL), 0);
	while (!tid)
		sched_yield();
	return thread;
}

/* The kernel forgets a thread a moment after it could be joined. */
static void end(pthread_t thread)
{
	char path[64];

	ends = true;
	pthread_join(thread, NULL);
	snprintf(path, sizeof(path), "/proc/self/task/%d", (int)tid);
	while (access(path, F_OK) == 0)
		sched_yield();
}

/* Starts a busy thread and finds it. The kernel counts a thread's first time on a processor only
 * when it is interrupted, so this tries again until then. */
static pthread_t begin_busy(struct busy_threads *busy)
{
	if (!kernel_tells())
		SKIP("the kernel does not count the time of threads (schedstat)");
	pthread_t thread = begin(is_busy);
	for (int tries = 0; tries < 10000; tries++) {
		busy_threads_find(busy, getpid(), NULL);
		if (has(busy, tid))
			return thread;
		usleep(1000);
	}
	fail_msg("the busy thread is not found");
	return thread;
}

static void a_busy_thread_is_found_until_it_has_run(void **state)
{
	struct busy_threads busy;

	(void)state;
	pthread_t thread = begin_busy(&busy);
	while (busy_threads_left(&busy))
		usleep(1000);
	assert_false(has(&busy, tid));
	end(thread);
}

static void a_thread_that_has_ended_is_not_waited_for(void **state)
{
	struct busy_threads busy;

	(void)state;
	pthread_t thread = begin_busy(&busy);
	end(thread);
	assert_false(busy_threads_left(&busy));
}

static void a_thread_that_sleeps_and_the_calling_one_are_not_found(void **state)
{
	struct busy_threads busy;
	pthread_t thread = begin(sleeps);
	bool found = true;

	(void)state;
	/* The sleeping thread wakes up now and then, so one look may find it awake. */
	for (int tries = 0; found && tries < 1000; tries++) {
		busy_threads_find(&busy, getpid(), NULL);
		assert_false(has(&busy, (int)syscall(SYS_gettid)));
		found = has(&busy, tid);
	}
	assert_false(found);
	end(thread);
}

static void a_process_that_does_not_exist_has_no_busy_threads(void **state)
{
	struct busy_threads busy;

	(void)state;
	busy_threads_find(&busy, INT32_MAX, NULL);
	assert_int_equal(busy.count, 0);
	assert_false(busy_threads_left(&busy));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a busy thread is found until it has run",
		 .test_func = a_busy_thread_is_found_until_it_has_run},
		{.name = "a thread that has ended is not waited for",
		 .test_func = a_thread_that_has_ended_is_not_waited_for},
		{.name = "a thread that sleeps, and the calling one, are not found",
		 .test_func = a_thread_that_sleeps_and_the_calling_one_are_not_found},
		{.name = "a process that does not exist has no busy threads",
		 .test_func = a_process_that_does_not_exist_has_no_busy_threads},
	};
	return cmocka_run_group_tests_name("busy threads", tests, NULL, NULL);
}
