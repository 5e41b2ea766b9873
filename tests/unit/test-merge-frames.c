// SPDX-License-Identifier: MIT
/* Native frames and those of a language become one stack. Native frames are small letters here, and
 * 'l' is the loop; the language's are capitals. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "preload/core/capture/merge_frames.h"

enum { MOST = 16, FRAME_SIZE = 100, STACK = 1000 };

static bool is_loop(void *data, uintptr_t pc)
{
	(void)data;
	return pc == 'l';
}

/* Merges. native: its frames, each FRAME_SIZE bytes large. language: "AB.C" is two runs; a digit
 * after a run is the native frame that it lies in. */
static const char *merged(const char *native, const char *language, enum stack_end *end,
			  uint32_t room)
{
	static char text[MOST + 1];
	frame_t stored[MOST], names[MOST], into[MOST];
	uintptr_t pcs[MOST], sps[MOST];
	struct language_frame frames[MOST] = {0};
	uint32_t count = 0, first = 0, depth;
	struct merge merge = {
		.native = stored,
		.pcs = pcs,
		.sps = sps,
		.native_count = (uint32_t)strlen(native),
		.native_end = *end,
		.frames = frames,
		.names = names,
		.is_loop = is_loop,
	};

	for (uint32_t i = 0; i < merge.native_count; i++) {
		stored[i] = pcs[i] = (uintptr_t)native[i];
		sps[i] = STACK + i * FRAME_SIZE;
	}
	for (; *language; language++) {
		if (*language >= 'A' && *language <= 'Z') {
			names[count++] = (uintptr_t)*language;
		} else if (*language == '+') {
			frames[count - 1].flags |= LANGUAGE_MORE;
		} else {
			for (uint32_t i = first; i < count && *language != '.'; i++)
				frames[i].stack =
					STACK + (uintptr_t)(*language - '0') * FRAME_SIZE + 8;
			frames[count - 1].flags |= LANGUAGE_ENTRY;
			first = count;
		}
	}
	merge.count = count;
	depth = merge_frames(&merge, into, room, end);
	for (uint32_t i = 0; i < depth; i++)
		text[i] = (char)into[i];
	text[depth] = '\0';
	return text;
}

static void check(const char *native, const char *language, const char *expected)
{
	enum stack_end end = STACK_COMPLETE;

	assert_string_equal(merged(native, language, &end, MOST), expected);
	assert_int_equal(end, STACK_COMPLETE);
}

static void a_run_takes_the_place_of_its_native_frame(void **state)
{
	(void)state;
	check("abld", "XY2", "abXYd");
	check("ablclm", "X2YZ4", "abXcYZm");
	/* Also where the loop's code has another address: a part that the compiler has split off.
	 */
	check("abcld", "X2Y3", "abXYd");
}

static void without_places_runs_take_loop_frames_in_order(void **state)
{
	(void)state;
	check("ablclm", "X.YZ.", "abXcYZm");
	check("ablclm", "X.", "abXcm");
}

static void loop_frames_without_a_run_are_left_out(void **state)
{
	(void)state;
	check("alblc", "X3", "abXc");
}

static void a_run_whose_place_is_not_found_follows_the_one_before(void **state)
{
	(void)state;
	check("ablclm", "X2Y/Z4", "abXYcZm"); /* below all frames */
}

static void a_language_knows_what_an_ended_walk_does_not(void **state)
{
	enum stack_end end = STACK_NO_UNWIND;

	(void)state;
	assert_string_equal(merged("abl", "XY2Z8", &end, MOST), "abXYZ");
	assert_int_equal(end, STACK_COMPLETE);
	/* The last frame isn't the one that the run lies in: how far it reaches isn't known. */
	end = STACK_NO_UNWIND;
	assert_string_equal(merged("abc", "XY2", &end, MOST), "abcXY");
	end = STACK_DEEPER;
	assert_string_equal(merged("ab", "XY5", &end, MOST), "abXY");
	assert_int_equal(end, STACK_DEEPER);
}

static void a_stack_is_cut_at_its_depth(void **state)
{
	enum stack_end end = STACK_COMPLETE;

	(void)state;
	assert_string_equal(merged("abld", "XYZ2", &end, 4), "abXY");
	assert_int_equal(end, STACK_DEEPER);
	end = STACK_COMPLETE;
	assert_string_equal(merged("abld", "X2", &end, 3), "abX");
	assert_int_equal(end, STACK_DEEPER);
}

static void after_missing_frames_nothing_follows(void **state)
{
	enum stack_end end = STACK_COMPLETE;

	(void)state;
	assert_string_equal(merged("abldlm", "XY+2", &end, MOST), "abXY");
	assert_int_equal(end, STACK_DEEPER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_takes_the_place_of_its_native_frame),
		cmocka_unit_test(without_places_runs_take_loop_frames_in_order),
		cmocka_unit_test(loop_frames_without_a_run_are_left_out),
		cmocka_unit_test(a_run_whose_place_is_not_found_follows_the_one_before),
		cmocka_unit_test(a_language_knows_what_an_ended_walk_does_not),
		cmocka_unit_test(a_stack_is_cut_at_its_depth),
		cmocka_unit_test(after_missing_frames_nothing_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
