// SPDX-License-Identifier: MIT
/* A process that can't be looked at is never taken for one without the library:
 * tools/attach/attach_target.h, tools/process/mappings.h. */
#include <errno.h>
#include <gnu/libc-version.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/core/policy/attach_door.h"
#include "tools/attach/attach_process.h"
#include "tools/attach/attach_target.h"
#include "tools/process/loaded_tracer.h"
#include "tools/process/mappings.h"

struct target {
	struct process process;
	struct libc_symbols symbols;
	uint64_t enter;
	char text[ATTACH_TEXT];
};

/* Starts a process that waits. */
static void begin(struct target *target)
{
	pid_t child = fork();

	memset(target, 0, sizeof(*target));
	if (child == 0) {
		/* Also if an assertion fails. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(child > 0);
	assert_int_equal(process_read(&target->process, child), 0);
}

/* Ends it, but it stays a zombie. */
static void end(const struct target *target)
{
	siginfo_t info;

	kill(target->process.pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)target->process.pid, &info, WEXITED | WNOWAIT), 0);
}

static int check(struct target *target, uint32_t wish)
{
	int error = attach_target_check(&target->process, wish, &target->symbols, &target->enter,
					target->text);

	libc_symbols_finish(&target->symbols);
	return error;
}

static void a_process_that_lives_is_not_attached_to(void **state)
{
	bool is_older = strverscmp(gnu_get_libc_version(), "2.34") < 0;
	struct target target;

	(void)state;
	begin(&target);
	assert_true(check(&target, ATTACH_STOP) < 0);
	assert_non_null(
		strstr(target.text, is_older ? "attach needs glibc 2.34" : "isn't attached"));
	end(&target);
	waitpid(target.process.pid, NULL, 0);
}

static void of_a_process_that_has_just_ended_nothing_else_is_said(void **state)
{
	static const uint32_t wishes[] = {ATTACH_START, ATTACH_STOP};
	struct target target;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(&target);
		end(&target);
		assert_int_equal(check(&target, wishes[i]), -ESRCH);
		assert_non_null(strstr(target.text, " has ended"));
		waitpid(target.process.pid, NULL, 0);
		assert_int_equal(check(&target, wishes[i]), -ESRCH);
		assert_non_null(strstr(target.text, " has ended"));
	}
}

static void a_process_without_memory_is_not_one_without_the_library(void **state)
{
	struct mappings mappings;
	struct attach_door door;
	struct target target;
	uintptr_t place;

	(void)state;
	begin(&target);
	assert_int_equal(loaded_tracer_find(target.process.pid), 0);
	assert_int_equal(loaded_tracer_door(target.process.pid, &door, &place), -ENOENT);
	end(&target);
	assert_int_equal(mappings_read(&mappings, target.process.pid), -ESRCH);
	assert_int_equal(mappings.count, 0);
	assert_null(mappings.list);
	assert_int_equal(loaded_tracer_find(target.process.pid), -ESRCH);
	assert_int_equal(loaded_tracer_door(target.process.pid, &door, &place), -ESRCH);
	waitpid(target.process.pid, NULL, 0);
}

static void without_a_descriptor_to_look_by_the_message_says_so(void **state)
{
	static const uint32_t wishes[] = {ATTACH_START, ATTACH_STOP};
	struct rlimit limit, none;
	struct target target;

	(void)state;
	begin(&target);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){0, limit.rlim_max};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		int error = check(&target, wishes[i]);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_true(error < 0);
		assert_non_null(strstr(target.text, strerror(EMFILE)));
	}
	end(&target);
	waitpid(target.process.pid, NULL, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a process that lives is not attached to",
		 .test_func = a_process_that_lives_is_not_attached_to},
		{.name = "of a process that has just ended nothing else is said",
		 .test_func = of_a_process_that_has_just_ended_nothing_else_is_said},
		{.name = "a process without memory is not one without the library",
		 .test_func = a_process_without_memory_is_not_one_without_the_library},
		{.name = "without a descriptor to look by, the message says so",
		 .test_func = without_a_descriptor_to_look_by_the_message_says_so},
	};

	return cmocka_run_group_tests_name("attach target", tests, NULL, NULL);
}
