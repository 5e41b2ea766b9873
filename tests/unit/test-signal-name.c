// SPDX-License-Identifier: MIT
/* The names of signals. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "preload/core/base/signal_name.h"

static void each_standard_signal_has_a_name(void **state)
{
	(void)state;
	for (int number = 1; number <= SIGSYS; number++) {
		const char *name = signal_name(number);

		assert_non_null(name);
		assert_int_equal(signal_number(name), number);
#if __GLIBC_PREREQ(2, 32)
		if (number != SIGIO) /* one of its two names */
			assert_string_equal(name, sigabbrev_np(number));
#endif
	}
	assert_int_equal(signal_number("POLL"), SIGIO);
}

static void what_is_no_standard_signal_has_none(void **state)
{
	(void)state;
	assert_null(signal_name(0));
	assert_null(signal_name(-1));
	assert_null(signal_name(SIGSYS + 1));
	assert_null(signal_name(SIGRTMIN));
	assert_int_equal(signal_number(""), 0);
	assert_int_equal(signal_number("SIGINT"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "each standard signal has glibc's name",
		 .test_func = each_standard_signal_has_a_name},
		{.name = "a number or word that is no standard signal has no name and no number",
		 .test_func = what_is_no_standard_signal_has_none},
	};
	return cmocka_run_group_tests_name("signal-name", tests, NULL, NULL);
}
