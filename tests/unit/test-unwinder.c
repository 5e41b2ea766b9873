// SPDX-License-Identifier: MIT
/* Walks through code without unwind data, over a memory made by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "preload/core/capture/unwinder.h"

enum {
	CODE = 0x401000,
	SP = 0x7000,
	FRAME = SP + 0x40,
	OUTER = SP + 0x80,
};

static uintptr_t words[0x100 / sizeof(uintptr_t)]; /* from SP on */

static bool read_fake(struct memory *memory, uintptr_t address, uintptr_t *word)
{
	if (address < SP || address - SP >= sizeof(words) || address % sizeof(*words))
		return false;
	*word = words[(address - SP) / sizeof(*words)];
	return true;
}

static bool find_nothing(struct memory *memory, uintptr_t address, struct object *object)
{
	return false;
}

/* A stack of two frames, by the frame pointer; then these words. */
static void walk_to(struct walk *walk, uintptr_t next, uintptr_t back)
{
	static struct memory memory = {.read = read_fake, .find = find_nothing};

	words[(FRAME - SP) / sizeof(*words)] = OUTER;
	words[(FRAME - SP) / sizeof(*words) + 1] = CODE + 0x100;
	words[(OUTER - SP) / sizeof(*words)] = next;
	words[(OUTER - SP) / sizeof(*words) + 1] = back;
	*walk = (struct walk){
		.memory = &memory,
		.registers = {.pc = CODE, .sp = SP, .fp = FRAME},
		.depth = STACK_DEPTH_MAX,
	};
	unwinder_walk(walk);
	assert_int_equal(walk->count, 2);
}

static void a_chain_of_frame_pointers_ends_in_zeroes(void **state)
{
	static struct walk walk;

	walk_to(&walk, 0, 0);
	assert_int_equal(walk.end, STACK_COMPLETE);
}

static void a_chain_that_ends_elsewhere_is_incomplete(void **state)
{
	static struct walk walk;

	/* argv's last word, and the one behind it, to which rbp points in programs of musl's. */
	walk_to(&walk, 0x7fffffffea56, 0);
	assert_int_equal(walk.end, STACK_NO_UNWIND);
	walk_to(&walk, 0, 3);
	assert_int_equal(walk.end, STACK_NO_UNWIND);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a chain of frame pointers ends with a frame of zeroes",
		 .test_func = a_chain_of_frame_pointers_ends_in_zeroes},
		{.name = "a chain of frame pointers that ends in no code, but not in zeroes, is "
			 "incomplete",
		 .test_func = a_chain_that_ends_elsewhere_is_incomplete},
	};

	if (!unwinder_load())
		return 77;
	return cmocka_run_group_tests_name("unwinder", tests, NULL, NULL);
}
