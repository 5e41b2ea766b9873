// SPDX-License-Identifier: MIT
/* A merged stack is found by the words of its frames, and only while the language has moved
 * nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "preload/core/capture/frame_words.h"

enum { FRAMES = 6, FRAME = 8, WORDS = (FRAMES + 1) * FRAME + 2, MOVES = 5, CODE = 0x9000 };

static struct arena arena;
static struct walk walk;
static uintptr_t stack[WORDS];
static struct language_frame frames[FRAMES];

static bool is_loop(uintptr_t pc)
{
	return pc >= CODE;
}

/* The two words below the frame pointer. */
static int two_words(uintptr_t pc, uintptr_t fp, int32_t offsets[INTERPRETER_WORDS])
{
	(void)fp;
	if (pc == CODE + 99)
		return -1;
	offsets[0] = -8;
	offsets[1] = -16;
	return 2;
}

static const struct interpreter language = {.is_loop = is_loop, .words = two_words};

/* Frames of FRAME words, of which each second one is the language's. Its record is the last two
 * words. */
static int set_up(void **state)
{
	(void)state;
	memset(&walk, 0, sizeof(walk));
	walk.registers.sp = (uintptr_t)stack;
	walk.end = STACK_COMPLETE;
	walk.repeatable = true;
	for (int i = 0; i < WORDS; i++)
		stack[i] = 0x100 + (uintptr_t)i;
	for (uint32_t i = 0; i <= FRAMES; i++) {
		uintptr_t *end = &stack[(i + 1) * FRAME];

		walk.pcs[i] = i % 2 ? CODE + i : 0x1000 + i;
		walk.sps[i] = (uintptr_t)&stack[i * FRAME];
		walk.count++;
		if (i == FRAMES)
			break;
		walk.reads[walk.read_count++] =
			(struct logged_read){.address = (uintptr_t)(end - 2)};
		walk.reads[walk.read_count++] =
			(struct logged_read){.address = (uintptr_t)(end - 1)};
		if (i % 2)
			frames[i / 2] = (struct language_frame){.stack = (uintptr_t)(end - 2)};
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct frame_words *make(int count)
{
	return frame_words_make(&arena, &walk, &language, 3, frames, count);
}

static uint32_t found(const struct frame_words *words, const uintptr_t *sp, uint64_t moves,
		      uint32_t asked)
{
	return frame_words_find(words, (uintptr_t)sp, moves, asked).stack;
}

static void only_equal_words_are_found(void **state)
{
	struct frame_words *words = make(FRAMES / 2);
	uintptr_t other[WORDS];

	(void)state;
	assert_non_null(words);
	assert_int_equal(words->language, 3);
	assert_int_equal(found(words, stack, MOVES, 0), STACK_NONE);
	frame_words_keep(words, (uintptr_t)stack, MOVES, 0, (struct captured){.stack = 42});
	/* Another thread's stack, too. */
	memcpy(other, stack, sizeof(other));
	assert_int_equal(found(words, other, MOVES, 0), 42);
	assert_int_equal(found(words, other, MOVES + 1, 0), STACK_NONE);
	assert_int_equal(found(words, other, MOVES, 7), STACK_NONE);
	for (int i = 0; i < FRAMES * FRAME; i++) {
		bool matters = i / FRAME % 2 && (i % FRAME == FRAME - 3 || i % FRAME == FRAME - 4);

		other[i] ^= 1;
		assert_int_equal(found(words, other, MOVES, 0), matters ? STACK_NONE : 42);
		other[i] ^= 1;
	}
}

static void several_stacks_are_kept_and_the_oldest_makes_room(void **state)
{
	struct frame_words *words = make(FRAMES / 2);
	uintptr_t *word = &stack[2 * FRAME - 3];

	(void)state;
	for (uint32_t i = 0; i <= FRAME_WORDS_KNOWN; i++) {
		*word = i;
		frame_words_keep(words, (uintptr_t)stack, MOVES, 0,
				 (struct captured){.stack = STACK_FIRST + i});
	}
	for (uint32_t i = 0; i <= FRAME_WORDS_KNOWN; i++) {
		*word = i;
		assert_int_equal(found(words, stack, MOVES, 0), i ? STACK_FIRST + i : STACK_NONE);
	}
}

static void a_set_that_is_being_written_is_left_alone(void **state)
{
	struct frame_words *words = make(FRAMES / 2);

	(void)state;
	frame_words_keep(words, (uintptr_t)stack, MOVES, 0, (struct captured){.stack = 42});
	atomic_fetch_add(&words->known[0].number, 1);
	assert_int_equal(found(words, stack, MOVES, 0), STACK_NONE);
	atomic_store(&words->next, 0);
	frame_words_keep(words, (uintptr_t)stack, MOVES, 0, (struct captured){.stack = 43});
	assert_int_equal(found(words, stack, MOVES, 0), STACK_NONE);
}

static void stacks_whose_frames_are_not_all_known_have_no_words(void **state)
{
	(void)state;
	/* A frame of the language that the walk has not met. */
	frames[1].stack += 8;
	assert_null(make(FRAMES / 2));
	frames[1].stack -= 8;
	assert_non_null(make(FRAMES / 2));
	/* A frame whose record the walk has not read. */
	walk.reads[3].address = 0;
	assert_null(make(FRAMES / 2));
	walk.reads[3].address = frames[0].stack + 8;
	assert_non_null(make(FRAMES / 2));
	/* A frame without room for its words. */
	walk.sps[1] = frames[0].stack - 8;
	assert_null(make(FRAMES / 2));
	walk.sps[1] = frames[0].stack - 16;
	assert_non_null(make(FRAMES / 2));
	/* Code that has no such words. */
	walk.pcs[3] = CODE + 99;
	assert_null(make(FRAMES / 2));
	walk.pcs[3] = CODE;
	/* A walk that ended early. */
	walk.end = STACK_DEEPER;
	assert_null(make(FRAMES / 2));
}

static void a_stack_without_such_frames_is_equal_to_itself(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < walk.count; i++)
		walk.pcs[i] = 0x1000;
	struct frame_words *words = make(0);

	assert_non_null(words);
	frame_words_keep(words, (uintptr_t)stack, MOVES, 0, (struct captured){.stack = 42});
	assert_int_equal(found(words, stack, MOVES, 0), 42);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function)                                                                      \
	{.name = title, .test_func = function, .setup_func = set_up, .teardown_func = tear_down}
		TEST("only equal words are found", only_equal_words_are_found),
		TEST("several stacks are kept, and the oldest makes room",
		     several_stacks_are_kept_and_the_oldest_makes_room),
		TEST("a set that is being written is left alone",
		     a_set_that_is_being_written_is_left_alone),
		TEST("stacks whose frames aren't all known have no words",
		     stacks_whose_frames_are_not_all_known_have_no_words),
		TEST("a stack without such frames is equal to itself",
		     a_stack_without_such_frames_is_equal_to_itself),
	};

	return cmocka_run_group_tests_name("frame-words", tests, NULL, NULL);
}
