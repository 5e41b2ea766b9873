// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "preload/core/base/errno_name.h"

enum { BEHIND_THE_LAST = 134 };

static void every_error_has_the_name_of_errno(void **state)
{
	int named = 0;

	(void)state;
#if __GLIBC_PREREQ(2, 32)
	for (int error = 1; error < BEHIND_THE_LAST; error++)
		if (strerrorname_np(error)) {
			assert_string_equal(errno_name(error), strerrorname_np(error));
			named++;
		}
	assert_true(named > 130);
#else
	(void)named;
#endif
	assert_string_equal(errno_name(3), "ESRCH");
}

static void a_number_that_is_no_error_is_unknown(void **state)
{
	static const int numbers[] = {0, -3, 41, 58, BEHIND_THE_LAST, 4096, INT32_MAX, INT32_MIN};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		assert_string_equal(errno_name(numbers[i]), "an unknown error");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "every error has the name that errno(3) gives it",
		 .test_func = every_error_has_the_name_of_errno},
		{.name = "a number that is no error is unknown",
		 .test_func = a_number_that_is_no_error_is_unknown},
	};
	return cmocka_run_group_tests_name("errno-name", tests, NULL, NULL);
}
