// SPDX-License-Identifier: MIT
/* Perl's frames, from memory that looks like an interpreter's, and from memory that doesn't. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tests/fake_perl.h"

enum { ROOM = 16 };

static struct fake_perl fake;

static int set_up(void **state)
{
	(void)state;
	fake_perl_start(&fake);
	return 0;
}

/* Two functions, called from line 9: inner stands at line 3, and outer at line 5. */
static void make_calls(unsigned int minor)
{
	uintptr_t package = fake_package(&fake, "Worker", minor);
	uintptr_t inner = fake_sub(&fake, package, "inner");
	uintptr_t outer = fake_named_sub(&fake, package, "outer");

	fake_call(&fake, FAKE_SUB, outer, fake_statement(&fake, "/srv/job.pl", 9), true);
	fake_call(&fake, FAKE_BLOCK, 0, fake_statement(&fake, "/srv/job.pl", 4), true);
	fake_call(&fake, FAKE_SUB, inner, fake_statement(&fake, "/srv/job.pl", 5), true);
	fake_now(&fake, fake_statement(&fake, "/srv/job.pl", 3));
}

static void assert_name(const struct perl_layout *layout, const struct language_frame *frame,
			const char *function, uint32_t line)
{
	struct language_name name = {0};

	assert_true(perl_name(layout, fake.interpreter, frame, &name));
	assert_string_equal(name.function, function);
	assert_int_equal(name.line, line);
}

static void functions_have_the_statements_that_they_have_come_to(void **state)
{
	static const unsigned int versions[] = {32, 34, 36, 42};
	struct perl_layout layout;
	struct language_frame frames[ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		fake_perl_start(&fake);
		make_calls(versions[i]);
		assert_true(perl_layout_find(fake.interpreter, versions[i], &layout));
		assert_int_equal(layout.statement, FAKE_STATEMENT_AT);
		assert_int_equal(perl_walk(&layout, fake.interpreter, frames, ROOM), 3);
		assert_name(&layout, &frames[0], "Worker::inner", 3);
		assert_name(&layout, &frames[1], "Worker::outer", 5);
		assert_name(&layout, &frames[2], "(main)", 9);
		assert_int_equal(frames[0].flags, 0);
		assert_int_equal(frames[2].flags, LANGUAGE_ENTRY);
	}
}

static void a_call_from_native_code_ends_a_run(void **state)
{
	struct perl_layout layout;
	struct language_frame frames[ROOM];

	(void)state;
	uintptr_t sub = fake_sub(&fake, fake_package(&fake, "main", 36), "compare");
	fake_now(&fake, fake_statement(&fake, "/srv/job.pl", 3));
	fake_new_stack(&fake);
	fake_call(&fake, FAKE_SUB, sub, fake_statement(&fake, "/srv/job.pl", 8), false);
	assert_true(perl_layout_find(fake.interpreter, 36, &layout));
	assert_int_equal(perl_walk(&layout, fake.interpreter, frames, ROOM), 2);
	assert_int_equal(frames[0].flags, LANGUAGE_ENTRY);
	assert_name(&layout, &frames[0], "compare", 3);
	assert_name(&layout, &frames[1], "(main)", 8);
}

static void evals_of_texts_and_files_are_frames_and_blocks_are_none(void **state)
{
	struct perl_layout layout;
	struct language_frame frames[ROOM];
	struct language_name name;

	(void)state;
	fake_call(&fake, FAKE_FILE, 0, fake_statement(&fake, "/srv/job.pl", 2), true);
	fake_call(&fake, FAKE_EVAL, 0, fake_statement(&fake, "/srv/Library.pm", 7), true);
	fake_call(&fake, FAKE_EVAL_BLOCK, 0, fake_statement(&fake, "(eval 11)", 1), true);
	fake_now(&fake, fake_statement(&fake, "(eval 11)", 4));
	assert_true(perl_layout_find(fake.interpreter, 36, &layout));
	assert_int_equal(perl_walk(&layout, fake.interpreter, frames, ROOM), 3);
	assert_true(perl_name(&layout, fake.interpreter, &frames[0], &name));
	assert_string_equal(name.function, "(eval)");
	assert_string_equal(name.file, "(eval)");
	assert_int_equal(name.line, 4);
	assert_true(name.library);
	assert_name(&layout, &frames[1], "(require)", 7);
	assert_name(&layout, &frames[2], "(main)", 2);
}

static void a_full_room_says_that_there_are_more(void **state)
{
	struct perl_layout layout;
	struct language_frame frames[ROOM];

	(void)state;
	make_calls(36);
	assert_true(perl_layout_find(fake.interpreter, 36, &layout));
	assert_int_equal(perl_walk(&layout, fake.interpreter, frames, 2), 2);
	assert_int_equal(frames[1].flags, LANGUAGE_MORE);
}

static void another_statement_at_an_address_is_another_frame(void **state)
{
	struct perl_layout layout;
	struct language_frame before[ROOM], after[ROOM];

	(void)state;
	make_calls(36);
	assert_true(perl_layout_find(fake.interpreter, 36, &layout));
	assert_int_equal(perl_walk(&layout, fake.interpreter, before, ROOM), 3);
	fake_number(before[0].at, 4);
	assert_int_equal(perl_walk(&layout, fake.interpreter, after, ROOM), 3);
	assert_int_equal(before[0].at, after[0].at);
	assert_int_not_equal(before[0].check, after[0].check);
	assert_int_equal(before[1].check, after[1].check);
}

static void an_end_block_is_told_from_other_code(void **state)
{
	struct perl_layout layout;

	(void)state;
	uintptr_t package = fake_package(&fake, "main", 36);
	uintptr_t end = fake_sub(&fake, package, "END"), other = fake_sub(&fake, package, "ENDS");

	fake_call(&fake, FAKE_SUB, end, fake_statement(&fake, "/srv/job.pl", 9), false);
	fake_call(&fake, FAKE_SUB, other, fake_statement(&fake, "/srv/job.pl", 8), true);
	fake_now(&fake, fake_statement(&fake, "/srv/job.pl", 3));
	assert_true(perl_layout_find(fake.interpreter, 36, &layout));
	assert_true(perl_in_end_block(&layout, fake.interpreter));
	fake_perl_start(&fake);
	other = fake_sub(&fake, fake_package(&fake, "main", 36), "ENDS");
	fake_call(&fake, FAKE_SUB, other, fake_statement(&fake, "/srv/job.pl", 9), false);
	fake_now(&fake, fake_statement(&fake, "/srv/job.pl", 3));
	assert_false(perl_in_end_block(&layout, fake.interpreter));
}

static void an_interpreter_that_is_being_made_has_no_layout(void **state)
{
	struct perl_layout layout;

	(void)state;
	assert_false(perl_layout_find(fake.interpreter, 36, &layout));
	assert_false(perl_layout_find(0, 36, &layout));
	assert_false(perl_layout_find(UINTPTR_MAX - 64, 36, &layout));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "functions have the statements that they have come to",
		 .test_func = functions_have_the_statements_that_they_have_come_to},
		{.name = "a call from native code ends a run",
		 .test_func = a_call_from_native_code_ends_a_run,
		 .setup_func = set_up},
		{.name = "evals of texts and of files are frames, and those of blocks are none",
		 .test_func = evals_of_texts_and_files_are_frames_and_blocks_are_none,
		 .setup_func = set_up},
		{.name = "if there are more frames than room the last one says so",
		 .test_func = a_full_room_says_that_there_are_more,
		 .setup_func = set_up},
		{.name = "another statement at an address is another frame",
		 .test_func = another_statement_at_an_address_is_another_frame,
		 .setup_func = set_up},
		{.name = "an END block is told from other code",
		 .test_func = an_end_block_is_told_from_other_code,
		 .setup_func = set_up},
		{.name = "an interpreter that is being made has no layout",
		 .test_func = an_interpreter_that_is_being_made_has_no_layout,
		 .setup_func = set_up},
	};
	return cmocka_run_group_tests_name("perl-walk", tests, NULL, NULL);
}
