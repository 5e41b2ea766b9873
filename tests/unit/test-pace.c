// SPDX-License-Identifier: MIT
/* How often a threshold requests a snapshot: once at each doubling, whatever is opened and
 * closed. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../in_range.h"
#include "preload/core/policy/pace.h"

/* Does the same as both engines at each open; returns whether a snapshot is due. */
struct watch {
	uint32_t due;
	int64_t left;
	unsigned long counted;
};

static bool opened(struct watch *watch, size_t count)
{
	bool reached;

	if (watch->left-- > 1)
		return false;
	watch->counted++;
	reached = count >= watch->due;
	if (reached)
		watch->due = pace_next_threshold(watch->due);
	watch->left = pace_opens_left(watch->due, count);
	return reached;
}

static void each_doubling_is_reported_once_and_in_time(void **state)
{
	(void)state;
	for (uint32_t threshold = 1; threshold < 5000; threshold += threshold / 3 + 1) {
		struct watch watch = {.due = threshold};
		size_t next = threshold;

		for (size_t count = 1; count <= 20000; count++) {
			bool reported = opened(&watch, count);

			if (reported) {
				assert_uint_in_range(count, next, next + next / 64);
				next *= 2;
			}
			assert_true(count <= next + next / 64);
		}
		/* Each count reads every slot, so there are few. */
		assert_uint_in_range(watch.counted, 1, 20 * 70);
	}
}

static void descriptors_that_come_and_go_below_a_threshold_do_not_trigger(void **state)
{
	struct watch watch = {.due = 1000};

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_false(opened(&watch, 500 + (size_t)i % 499));
	/* Descriptors are counted far less often than they are opened. */
	assert_uint_in_range(watch.counted, 1, 100000 / 15);
	for (size_t count = 500; count < 1000; count++)
		assert_false(opened(&watch, count));
	bool reported = false;
	for (size_t count = 1000; count < 1000 + 1000 / 64 + 2; count++)
		reported = reported || opened(&watch, count);
	assert_true(reported);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "each doubling is reported once, and in time",
		 .test_func = each_doubling_is_reported_once_and_in_time},
		{.name = "descriptors that come and go below a threshold do not trigger",
		 .test_func = descriptors_that_come_and_go_below_a_threshold_do_not_trigger},
	};

	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
