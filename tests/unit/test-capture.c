// SPDX-License-Identifier: MIT
/* Unit tests of the capture lock's ends: what happens when it can't be had. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "capture/capture.h"
#include "ledger/ledger.h"

struct fixture {
	struct arena arena;
	struct ledger ledger;
	struct capture capture;
	struct stack_bounds bounds;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	assert_true(ledger_init(&fixture.ledger, &fixture.arena));
	assert_true(capture_init(&fixture.capture, &fixture.ledger, 16, "test-capture"));
	*state = &fixture;
	return 0;
}

static uint32_t take(struct fixture *fixture)
{
	const uintptr_t *record = __builtin_frame_address(0);
	struct registers registers = {record[1], (uintptr_t)(record + 2), record[0]};

	return capture_stack(&fixture->capture, &registers, &fixture->bounds).stack;
}

static void no_stack_is_taken_while_somebody_else_has_the_lock(void **state)
{
	struct fixture *fixture = *state;

	atomic_store(&fixture->capture.lock, CAPTURE_WALKING);
	assert_int_equal(take(fixture), STACK_NONE);
	atomic_store(&fixture->capture.lock, CAPTURE_FREE);
	assert_true(take(fixture) >= STACK_FIRST);
}

static void a_library_closed_meanwhile_is_looked_for_by_the_next_walk(void **state)
{
	struct fixture *fixture = *state;

	capture_before_dlclose(&fixture->capture);
	atomic_store(&fixture->capture.lock, CAPTURE_FORKING);
	capture_after_dlclose(&fixture->capture);
	assert_int_equal(atomic_load(&fixture->capture.closers), 1);
	atomic_store(&fixture->capture.lock, CAPTURE_FREE);
	assert_true(take(fixture) >= STACK_FIRST);
	/* From here on the memo is asked again. */
	assert_int_equal(atomic_load(&fixture->capture.closers), 0);
}

static void a_memo_without_memory_left_knows_nothing_of_earlier_generations(void **state)
{
	static struct walk walk = {.registers = {.pc = 0x1000}, .repeatable = true};
	struct captured stack = {.stack = STACK_FIRST};
	struct stack_bounds bounds = {0};
	struct memo memo;

	(void)state;
	assert_true(memo_init(&memo));
	memo_keep(&memo, &walk, stack);
	assert_int_equal(memo_find(&memo, &walk.registers, &bounds).stack, STACK_FIRST);
	memo.arena.limit = 1;
	/* More often than the chunk that is there has room for. */
	for (int i = 0; i < 1000; i++) {
		memo_forget(&memo);
		assert_int_equal(memo_find(&memo, &walk.registers, &bounds).stack, STACK_NONE);
		memo_keep(&memo, &walk, stack);
	}
	arena_release(&memo.arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a memo without memory left knows nothing of earlier generations",
		 .test_func = a_memo_without_memory_left_knows_nothing_of_earlier_generations},
		{.name = "no stack is taken while somebody else has the lock, and the wait has an end",
		 .test_func = no_stack_is_taken_while_somebody_else_has_the_lock,
		 .setup_func = set_up},
		{.name = "a library closed meanwhile is looked for by the next walk",
		 .test_func = a_library_closed_meanwhile_is_looked_for_by_the_next_walk,
		 .setup_func = set_up},
	};
	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
