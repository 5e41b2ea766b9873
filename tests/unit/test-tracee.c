// SPDX-License-Identifier: MIT
/* The ptrace engine's tasks and processes: which task is which after exec, and which one stands
 * for a leader that has ended. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/engine/tracer/tracee.h"

enum { LEADER = 100, SECOND = 101, THIRD = 102 };

static struct tracees tracees;
static struct process *process;

static int begin(void **state)
{
	(void)state;
	tracees = (struct tracees){0};
	process = process_create(LEADER);
	return process && task_create(&tracees, LEADER, process) &&
			       task_create(&tracees, SECOND, process) &&
			       task_create(&tracees, THIRD, process)
		       ? 0
		       : -1;
}

static struct task *task(int tid)
{
	struct task *found = task_find(&tracees, tid);

	assert_non_null(found);
	return found;
}

static void end_all(void)
{
	static const int ids[] = {LEADER, SECOND, THIRD};

	for (int i = 0; i < 3; i++)
		if (task_find(&tracees, ids[i]))
			task_destroy(&tracees, task(ids[i]));
	assert_null(tracees.tasks);
}

static void a_process_lives_as_long_as_its_tasks(void **state)
{
	(void)state;
	assert_int_equal(process->tasks, 3);
	task_destroy(&tracees, task(SECOND));
	assert_null(task_find(&tracees, SECOND));
	assert_int_equal(process->tasks, 2);
	assert_ptr_equal(task(THIRD)->process, process);
	end_all();
}

static void another_task_stands_for_a_leader_that_ends(void **state)
{
	(void)state;
	assert_int_equal(process->reader, LEADER);
	task_ends(&tracees, task(SECOND));
	assert_int_equal(process->reader, LEADER);
	task_ends(&tracees, task(LEADER));
	assert_int_equal(process->reader, THIRD);
	assert_int_equal(process->ending, 2);
	/* The end may be reported twice. */
	task_ends(&tracees, task(LEADER));
	assert_int_equal(process->ending, 2);
	task_destroy(&tracees, task(LEADER));
	assert_int_equal(process->ending, 1);
	assert_int_equal(process->tasks, 2);
	end_all();
}

static void a_task_that_executes_takes_the_leaders_number(void **state)
{
	struct task *executes = task(THIRD);

	(void)state;
	executes->armed = true;
	assert_ptr_equal(task_becomes(&tracees, THIRD, LEADER), executes);
	assert_ptr_equal(task(LEADER), executes);
	assert_int_equal(executes->tid, LEADER);
	assert_null(task_find(&tracees, THIRD));
	assert_int_equal(process->tasks, 2);
	/* The leader itself executes; or the task is not known, which changes nothing. */
	assert_ptr_equal(task_becomes(&tracees, LEADER, LEADER), executes);
	assert_ptr_equal(task_becomes(&tracees, 999, LEADER), executes);
	assert_null(task_becomes(&tracees, 999, 998));
	end_all();
}

static void a_task_that_waits_is_counted_once(void **state)
{
	(void)state;
	task(SECOND)->early = true;
	task(THIRD)->answered = true;
	tracees.early = tracees.answered = 1;
	assert_true(task_was_early(&tracees, task(SECOND)));
	assert_false(task_was_early(&tracees, task(SECOND)));
	assert_int_equal(tracees.early, 0);
	/* A task that is killed does not wait any more. */
	task_destroy(&tracees, task(THIRD));
	assert_int_equal(tracees.answered, 0);
	end_all();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function) {.name = title, .test_func = function, .setup_func = begin}
		TEST("a process lives as long as its tasks", a_process_lives_as_long_as_its_tasks),
		TEST("another task stands for a leader that ends",
		     another_task_stands_for_a_leader_that_ends),
		TEST("a task that executes takes the leader's number",
		     a_task_that_executes_takes_the_leaders_number),
		TEST("a task that waits is counted once", a_task_that_waits_is_counted_once),
	};

	return cmocka_run_group_tests_name("tracee", tests, NULL, NULL);
}
