// SPDX-License-Identifier: MIT
/* Walks through code without unwind data, over a memory made by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "preload/core/capture/unwinder.h"

enum {
	CODE = 0x401000,
	SP = 0x7000,
	FRAME = SP + 0x40,
	OUTER = SP + 0x80,
	BEFORE = 0x100, /* bytes below SP that exist, too */
	FAR = 0x300000, /* .. and some far above it */
};

static uintptr_t words[0x100 / sizeof(uintptr_t)]; /* from SP on */

static bool read_fake(struct memory *memory, uintptr_t address, uintptr_t *word)
{
	if ((address >= SP - BEFORE && address < SP) || (address >= FAR && address < FAR + 0x100)) {
		*word = CODE;
		return true;
	}
	if (address < SP || address - SP > sizeof(words) - sizeof(*words))
		return false;
	memcpy(word, (const char *)words + (address - SP), sizeof(*word));
	return true;
}

static bool find_nothing(struct memory *memory, uintptr_t address, struct object *object)
{
	return false;
}

static struct memory memory = {.read = read_fake, .find = find_nothing};

/* A stack of two frames by the frame pointer, and then these words. */
static void walk_to(struct walk *walk, uintptr_t next, uintptr_t back)
{
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

	/* argv's last word and the one after it: rbp points there in programs built with musl. */
	walk_to(&walk, 0x7fffffffea56, 0);
	assert_int_equal(walk.end, STACK_NO_UNWIND);
	walk_to(&walk, 0, 3);
	assert_int_equal(walk.end, STACK_NO_UNWIND);
}

static void a_frame_pointer_that_can_not_be_one_is_not_followed(void **state)
{
	static struct walk walk;
	/* Below the stack pointer, between two words, too far away, and where no memory is. */
	static const uintptr_t frames[] = {SP - 16, FRAME + 4, FAR, 0x10};

	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		walk_to(&walk, 0, 0);
		words[(FRAME - SP) / sizeof(*words) + 2] = CODE + 0x200;
		walk.registers.fp = frames[i];
		unwinder_walk(&walk);
		assert_int_equal(walk.count, 1);
		assert_int_equal(walk.end, STACK_NO_UNWIND);
	}
}

static void a_walk_is_no_deeper_than_its_limit(void **state)
{
	static struct walk walk;

	walk_to(&walk, 0, 0);
	walk.depth = 1;
	unwinder_walk(&walk);
	assert_int_equal(walk.count, 1);
	assert_int_equal(walk.pcs[0], CODE - 1);
	assert_int_equal(walk.end, STACK_DEEPER);
}

/* The flags of the read at address. */
static unsigned int flags_at(const struct walk *walk, uintptr_t address)
{
	for (uint32_t i = 0; i < walk->read_count; i++)
		if (walk->reads[i].address == address)
			return walk->reads[i].flags;
	fail_msg("nothing was read at %#zx", (size_t)address);
	return 0;
}

static void words_are_logged_as_what_they_are(void **state)
{
	static struct walk walk;

	walk_to(&walk, 0, 0);
	assert_true(walk.repeatable);
	/* The frame pointer register holds a place on the stack; so does the one saved at FRAME,
	 * which was read through it. */
	assert_int_equal(flags_at(&walk, 0), READ_FP | READ_RELATIVE);
	assert_int_equal(flags_at(&walk, FRAME), READ_CHECKED | READ_RELATIVE);
	/* A return address. It lies above the stack here, as libraries lie above a thread's
	 * stack. */
	assert_int_equal(flags_at(&walk, FRAME + 8), READ_CHECKED);
	assert_int_equal(flags_at(&walk, OUTER), READ_CHECKED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a chain of frame pointers ends with a frame of zeroes",
		 .test_func = a_chain_of_frame_pointers_ends_in_zeroes},
		{.name = "a chain of frame pointers that ends in no code, but not in zeroes, is "
			 "incomplete",
		 .test_func = a_chain_that_ends_elsewhere_is_incomplete},
		{.name = "a frame pointer that can't be one is not followed",
		 .test_func = a_frame_pointer_that_can_not_be_one_is_not_followed},
		{.name = "a walk is no deeper than its limit",
		 .test_func = a_walk_is_no_deeper_than_its_limit},
		{.name = "words are logged as what they are",
		 .test_func = words_are_logged_as_what_they_are},
	};

	if (!unwinder_load("")) {
		print_message("1..0 # SKIP libunwind can't be loaded\n");
		return 0;
	}
	return cmocka_run_group_tests_name("unwinder", tests, NULL, NULL);
}
