// SPDX-License-Identifier: MIT
/* Facts about another process from /proc: its name and relatives, and whether it would receive a
 * signal. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../in_range.h"
#include "tools/process/family.h"
#include "tools/process/process.h"
#include "tools/process/signal_state.h"

static void handler(int number)
{
	(void)number;
}

/* A child that has run prepare(), with a thread that has run in_thread(). It ends when the pipe
 * is closed. */
struct child {
	pid_t pid;
	int end;
};

struct plan {
	void (*prepare)(void), (*in_thread)(void);
	int ready, end;
};

static void *thread(void *data)
{
	const struct plan *plan = data;
	char byte;

	plan->in_thread();
	if (write(plan->ready, "x", 1) != 1)
		_exit(1);
	(void)!read(plan->end, &byte, 1);
	return NULL;
}

static struct child start(void (*prepare)(void), void (*in_thread)(void))
{
	int ready[2], end[2];
	struct child child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(end), 0);
	child = (struct child){.pid = fork(), .end = end[1]};
	if (child.pid == 0) {
		struct plan plan = {prepare, in_thread, ready[1], end[0]};
		pthread_t id;

		close(end[1]);
		if (prepare)
			prepare();
		if (in_thread && pthread_create(&id, NULL, thread, &plan) != 0)
			_exit(1);
		/* pthread_create blocks signals in the caller, too, until it returns. */
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		_exit(read(end[0], &byte, 1) != 0);
	}
	for (int i = 0; i < (in_thread ? 2 : 1); i++)
		assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	close(end[0]);
	return child;
}

static void finish(struct child child)
{
	close(child.end);
	assert_int_equal(waitpid(child.pid, NULL, 0), child.pid);
}

static void be_called_oddly(void)
{
	prctl(PR_SET_NAME, "a) Z (b");
}

static void a_process_is_read_whatever_its_name_holds(void **state)
{
	struct child child = start(be_called_oddly, NULL);
	struct process process;
	struct timespec now;

	(void)state;
	assert_int_equal(process_read(&process, child.pid), 0);
	assert_string_equal(process.name, "a) Z (b");
	assert_true(process.state == 'S' || process.state == 'R');
	assert_int_equal(process.parent, getpid());
	assert_int_equal(process.leader, child.pid);
	assert_int_equal(process.threads, 1);
	assert_int_equal(process.user, getuid());
	assert_int_equal(process.exit_signal, SIGCHLD);
	assert_false(process.is_kernel_thread);
	assert_false(process_has_ended(&process));
	assert_int_equal(process_thread(&process), child.pid);
	clock_gettime(CLOCK_MONOTONIC, &now);
	assert_uint_in_range(process.started_ms, 1, (uint64_t)now.tv_sec * 1000 + 1000);
	assert_true(process.started_ms + 60 * 1000 > (uint64_t)now.tv_sec * 1000);
	finish(child);
	assert_int_equal(process_read(&process, child.pid), -ESRCH);
	assert_int_equal(process_read(&process, 0), -ESRCH);
	assert_int_equal(process_read(&process, -1), -ESRCH);
}

static void a_process_that_has_ended_has_no_descriptors(void **state)
{
	struct process process;
	siginfo_t info;
	char text[128];
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(process_read(&process, child), 0);
	assert_true(process_has_ended(&process));
	assert_int_equal(process_thread(&process), 0);
	assert_non_null(strstr(process_obstacle(&process, text, sizeof(text)), "has ended"));
	waitpid(child, NULL, 0);
	/* Init is a process like any other. */
	assert_int_equal(process_read(&process, 1), 0);
	assert_null(process_obstacle(&process, text, sizeof(text)));
}

static void nothing(void)
{
}

static void block(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void unblock(void)
{
	sigset_t set;

	sigemptyset(&set);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
}

static void handle(void)
{
	signal(SIGUSR1, handler);
}

static void handle_and_block(void)
{
	handle();
	block();
}

static void a_signal_is_received_if_one_thread_takes_it(void **state)
{
	static const struct {
		void (*prepare)(void), (*in_thread)(void);
		enum heard heard, without;
	} rows[] = {
		{handle, NULL, HEARD, HEARD},
		{nothing, NULL, HEARD_NOT, HEARD},
		{handle_and_block, NULL, HEARD_BLOCKED, HEARD_BLOCKED},
		{block, NULL, HEARD_NOT, HEARD_BLOCKED},
		/* It is enough that one of two threads can take the signal. */
		{handle_and_block, nothing, HEARD_BLOCKED, HEARD_BLOCKED},
		{handle_and_block, unblock, HEARD, HEARD},
		{handle, block, HEARD, HEARD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct child child = start(rows[i].prepare, rows[i].in_thread);

		assert_int_equal(signal_state(child.pid, SIGUSR1, true), rows[i].heard);
		assert_int_equal(signal_state(child.pid, SIGUSR1, false), rows[i].without);
		assert_false(signal_state_pending(child.pid, SIGUSR1));
		if (rows[i].heard == HEARD_BLOCKED) {
			kill(child.pid, SIGUSR1);
			assert_true(signal_state_pending(child.pid, SIGUSR1));
			assert_false(signal_state_pending(child.pid, SIGUSR2));
			assert_false(signal_state_pending_in(child.pid, child.pid, SIGUSR1));
		}
		finish(child);
		assert_int_equal(signal_state(child.pid, SIGUSR1, true), HEARD_UNKNOWN);
	}
}

static void only_living_children_are_listed(void **state)
{
	struct child one = start(NULL, NULL), other = start(NULL, NULL);
	struct list children = {0};
	pid_t ended = fork();
	siginfo_t info;

	(void)state;
	if (ended == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(family_children(getpid(), &children), 0);
	assert_true(family_has(&children, one.pid));
	assert_true(family_has(&children, other.pid));
	assert_false(family_has(&children, ended));
	assert_int_equal(children.count, 2);
	assert_int_equal(family_oldest(&children), one.pid);
	assert_true(family_is_none(ended));
	assert_false(family_is_none(one.pid));
	waitpid(ended, NULL, 0);
	list_finish(&children);
	finish(other); /* it holds the first child's pipe, too */
	finish(one);
	assert_true(family_children(one.pid, &children) < 0);
	list_finish(&children);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a process is read, whatever its name holds",
		 .test_func = a_process_is_read_whatever_its_name_holds},
		{.name = "a process that has ended has no descriptors",
		 .test_func = a_process_that_has_ended_has_no_descriptors},
		{.name = "a signal is received if one thread takes it",
		 .test_func = a_signal_is_received_if_one_thread_takes_it},
		{.name = "only living children are listed",
		 .test_func = only_living_children_are_listed},
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
