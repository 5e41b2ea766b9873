// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "preload/core/policy/signal_use.h"

enum { HANDLER = 0x1000, DEFAULT = 0, IGNORED = 1 };

static enum signal_effect after_set(const char *module, int flags, int times, bool own)
{
	struct signal_use use = {0};

	for (int i = 0; i < times; i++)
		signal_use_set(&use, HANDLER, flags, module);
	return signal_use_effect(&use, SIGUSR1, HANDLER, own);
}

static void the_first_handler_of_a_runtime_does_not_run(void **state)
{
	static const char *const files[] = {
		"/usr/bin/node",    "/opt/node-20/bin/node20",       "/usr/lib/libnode.so.108",
		"/usr/bin/ruby3.1", "/usr/lib/libruby-3.1.so.3.1.2", "/usr/lib/erts/bin/beam.smp",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		assert_int_equal(after_set(files[i], 0, 1, false), SIGNAL_ASKS);
		assert_int_equal(after_set(files[i], 0, 2, false), SIGNAL_RUNS);
		assert_int_equal(after_set(files[i], 0, 1, true), SIGNAL_RUNS);
	}
}

static void any_other_handler_runs(void **state)
{
	(void)state;
	assert_int_equal(after_set("/usr/bin/nodes", 0, 1, false), SIGNAL_RUNS);
	assert_int_equal(after_set("/usr/bin/rubyfoo", 0, 1, false), SIGNAL_RUNS);
	assert_int_equal(after_set("/opt/node/server", 0, 1, false), SIGNAL_RUNS);
	assert_int_equal(after_set(NULL, 0, 1, false), SIGNAL_RUNS);
	/* A handler in node that node has not set itself (--disable-sigusr1) is a script's
	 * listener. */
	assert_int_equal(after_set("/usr/bin/node", SA_RESTART, 1, false), SIGNAL_RUNS);
}

static void the_default_ends_what_has_chosen_it_or_has_sent_it(void **state)
{
	struct signal_use use = {0};

	(void)state;
	assert_int_equal(signal_use_effect(&use, SIGUSR1, DEFAULT, false), SIGNAL_ASKS);
	assert_int_equal(signal_use_effect(&use, SIGUSR1, DEFAULT, true), SIGNAL_ENDS);
	assert_int_equal(signal_use_effect(&use, SIGUSR1, IGNORED, true), SIGNAL_ASKS);
	signal_use_set(&use, DEFAULT, 0, NULL);
	assert_int_equal(signal_use_effect(&use, SIGUSR1, DEFAULT, false), SIGNAL_ENDS);
}

static void a_default_action_that_ends_nothing_only_requests_a_snapshot(void **state)
{
	static const int numbers[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
	struct signal_use use = {.chosen = true};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		assert_int_equal(signal_use_effect(&use, numbers[i], DEFAULT, true), SIGNAL_ASKS);
}

static void a_sender_is_known_only_if_the_kernel_reports_it(void **state)
{
	static const struct {
		int code;
		bool tells;
	} rows[] = {
		{SI_USER, true},   {SI_TKILL, true},    {SI_QUEUE, true},    {SI_MESGQ, true},
		{SI_TIMER, false}, {SI_ASYNCIO, false}, {SI_KERNEL, false},  {SI_SIGIO, false},
		{POLL_IN, false},  {CLD_EXITED, false}, {TRAP_BRKPT, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		siginfo_t info = {.si_signo = SIGUSR1, .si_code = rows[i].code};

		info.si_pid = 4711;
		assert_int_equal(signal_sender(&info), rows[i].tells ? 4711 : 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "the first handler of a language's runtime does not run",
		 .test_func = the_first_handler_of_a_runtime_does_not_run},
		{.name = "any other handler runs", .test_func = any_other_handler_runs},
		{.name = "the default action ends a program that has chosen it or sends the signal",
		 .test_func = the_default_ends_what_has_chosen_it_or_has_sent_it},
		{.name = "a default action that ends nothing only requests a snapshot",
		 .test_func = a_default_action_that_ends_nothing_only_requests_a_snapshot},
		{.name = "a sender is known only if the kernel reports it",
		 .test_func = a_sender_is_known_only_if_the_kernel_reports_it},
	};

	return cmocka_run_group_tests_name("signal_use", tests, NULL, NULL);
}
