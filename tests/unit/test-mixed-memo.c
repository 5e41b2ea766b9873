// SPDX-License-Identifier: MIT
/* A merged stack is found by its native stack and all words of its frames, and by no others. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "preload/core/capture/mixed_memo.h"

enum { DEPTH = 20, NATIVE = 7 };

static struct mixed_memo memo;

static int set_up(void **state)
{
	(void)state;
	mixed_memo_init(&memo);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&memo.arena);
	return 0;
}

static void make_frames(struct language_frame frames[DEPTH])
{
	memset(frames, 0, DEPTH * sizeof(*frames));
	for (int i = 0; i < DEPTH; i++)
		frames[i] = (struct language_frame){
			.code = 0x1000 + (uintptr_t)i, .at = 4, .check = 9, .stack = 0x7000};
}

static uint32_t find(uint32_t native, const struct language_frame *frames, int count)
{
	return mixed_memo_find(&memo, native, frames, count).stack;
}

static void only_equal_frames_are_found(void **state)
{
	struct language_frame frames[DEPTH];

	(void)state;
	make_frames(frames);
	assert_int_equal(find(NATIVE, frames, DEPTH), STACK_NONE);
	mixed_memo_keep(&memo, NATIVE, frames, DEPTH, (struct captured){.stack = 42});
	assert_int_equal(find(NATIVE, frames, DEPTH), 42);
	assert_int_equal(find(NATIVE + 1, frames, DEPTH), STACK_NONE);
	assert_int_equal(find(NATIVE, frames, DEPTH - 1), STACK_NONE);
	for (int i = 0; i < DEPTH; i++) {
		frames[i].code++;
		assert_int_equal(find(NATIVE, frames, DEPTH), STACK_NONE);
		frames[i].code--;
		frames[i].at++;
		assert_int_equal(find(NATIVE, frames, DEPTH), STACK_NONE);
		frames[i].at--;
		frames[i].check ^= 1;
		assert_int_equal(find(NATIVE, frames, DEPTH), STACK_NONE);
		frames[i].check ^= 1;
		frames[i].flags ^= LANGUAGE_ENTRY;
		assert_int_equal(find(NATIVE, frames, DEPTH), STACK_NONE);
		frames[i].flags ^= LANGUAGE_ENTRY;
		frames[i].stack++; /* another thread's stack */
		assert_int_equal(find(NATIVE, frames, DEPTH), 42);
	}
}

static void the_latest_of_a_native_stack_is_at_hand(void **state)
{
	struct language_frame frames[DEPTH];

	(void)state;
	make_frames(frames);
	mixed_memo_keep(&memo, NATIVE, frames, DEPTH, (struct captured){.stack = 42});
	frames[3].at++;
	mixed_memo_keep(&memo, NATIVE, frames, DEPTH, (struct captured){.stack = 43});
	assert_null(mixed_memo_recent(&memo, NATIVE));
	assert_int_equal(find(NATIVE, frames, DEPTH), 43);
	assert_int_equal(mixed_memo_recent(&memo, NATIVE)->merged.stack, 43);
	frames[3].at--;
	assert_int_equal(find(NATIVE, frames, DEPTH), 42);
	assert_int_equal(mixed_memo_recent(&memo, NATIVE)->merged.stack, 42);
	assert_null(mixed_memo_recent(&memo, NATIVE + MIXED_RECENT));
	mixed_memo_forget(&memo);
	assert_null(mixed_memo_recent(&memo, NATIVE));
	assert_int_equal(find(NATIVE, frames, DEPTH), STACK_NONE);
}

static void many_stacks_are_kept(void **state)
{
	struct language_frame frames[DEPTH];

	(void)state;
	make_frames(frames);
	for (uint32_t i = 0; i < 5000; i++) {
		frames[i % DEPTH].at = 1000 + i;
		mixed_memo_keep(&memo, NATIVE, frames, DEPTH, (struct captured){.stack = 100 + i});
		assert_int_equal(find(NATIVE, frames, DEPTH), 100 + i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_equal_frames_are_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_latest_of_a_native_stack_is_at_hand, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(many_stacks_are_kept, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
