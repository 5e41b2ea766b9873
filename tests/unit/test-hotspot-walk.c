// SPDX-License-Identifier: MIT
/* Java's frames, from memory that looks like a virtual machine's, and from memory that doesn't. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../in_range.h"
#include "preload/languages/hotspot_names.h"
#include "preload/languages/hotspot_walk.h"
#include "tests/fake_hotspot.h"

enum { ROOM = 16 };

static struct fake_hotspot fake;

static int set_up(void **state)
{
	(void)state;
	fake_fill(&fake);
	return 0;
}

static int walk(struct language_frame *frames, int room)
{
	return hotspot_walk(&fake.vm, (uintptr_t)fake.thread, frames, room);
}

static void names_are(struct language_frame frame, unsigned int inlined, const char *function,
		      uint32_t line)
{
	struct language_name name;

	frame.inlined = (uint16_t)inlined;
	assert_true(hotspot_name(&fake.vm, &frame, &name));
	assert_string_equal(name.function, function);
	assert_string_equal(name.file, "Shop.java");
	assert_int_equal(name.line, line);
	assert_false(name.library);
}

static bool has_more(struct language_frame frame, unsigned int inlined)
{
	struct language_name name;

	frame.inlined = (uint16_t)inlined;
	return hotspot_name(&fake.vm, &frame, &name);
}

static void frames_are_interpreted_and_compiled(void **state)
{
	struct language_frame frames[ROOM];

	(void)state;
	assert_int_equal(walk(frames, ROOM), 2);
	names_are(frames[0], 0, "org.acme.Shop.inner", FAKE_INNER_LINE);
	assert_false(has_more(frames[0], 1));
	names_are(frames[1], 0, "org.acme.Shop.inner", FAKE_INNER_LINE);
	names_are(frames[1], 1, "org.acme.Shop.outer", FAKE_LINE);
	assert_false(has_more(frames[1], 2));
	assert_int_equal(frames[0].flags | frames[1].flags, 0);
}

static void a_thread_that_is_not_in_native_code_has_none(void **state)
{
	struct language_frame frames[ROOM];

	(void)state;
	for (uint64_t thread_state = 0; thread_state < 12; thread_state++) {
		fake.thread[1] = thread_state;
		assert_int_equal(walk(frames, ROOM), thread_state == FAKE_IN_NATIVE ? 2 : 0);
	}
	fake.thread[1] = FAKE_IN_NATIVE;
	fake.thread[2] = 0; /* no Java code has called */
	assert_int_equal(walk(frames, ROOM), 0);
}

static void more_than_the_room_is_said(void **state)
{
	struct language_frame frames[ROOM];

	(void)state;
	assert_int_equal(walk(frames, 1), 1);
	assert_int_equal(frames[0].flags, LANGUAGE_MORE);
}

static void code_that_became_invalid_has_its_return_address_elsewhere(void **state)
{
	struct language_frame frames[ROOM];

	(void)state;
	fake.stack[16 + HOTSPOT_RETURN] = fake_pc(&fake, FAKE_COMPILED, 1024);
	fake.stack[22] = fake_pc(&fake, FAKE_COMPILED, 128);
	assert_int_equal(walk(frames, ROOM), 2);
	names_are(frames[1], 0, "org.acme.Shop.outer", FAKE_LINE);
	assert_false(has_more(frames[1], 1));
}

static void java_called_from_native_code_goes_on_at_its_caller(void **state)
{
	struct language_frame frames[ROOM];
	uint64_t *anchor = &fake.stack[51], *frame = &fake.stack[80];

	(void)state;
	anchor[0] = (uintptr_t)&fake.stack[64];
	anchor[1] = fake_pc(&fake, FAKE_INTERPRETER, 200);
	anchor[2] = (uintptr_t)frame;
	frame[HOTSPOT_METHOD] = (uintptr_t)fake.outer;
	frame[HOTSPOT_BYTECODE] = (uintptr_t)fake.outer_const + 32 + 3;
	frame[HOTSPOT_CALLER_SP] = (uintptr_t)&fake.stack[84];
	frame[HOTSPOT_RETURN] = fake.call_stub;
	frame[HOTSPOT_CALLER_FP] = (uintptr_t)&fake.stack[100];
	fake.stack[94] = (uintptr_t)&fake.stack[110];
	assert_int_equal(walk(frames, ROOM), 3);
	names_are(frames[2], 0, "org.acme.Shop.outer", FAKE_LINE);
}

static void other_code_at_the_same_place_is_another_frame(void **state)
{
	struct language_frame frames[ROOM], again[ROOM];

	(void)state;
	assert_int_equal(walk(frames, ROOM), 2);
	fake_put(&fake, FAKE_COMPILED, fake.vm.nmethod_compile_id, 78);
	fake.klass[1] = (uintptr_t)fake.file; /* the class has another name */
	assert_int_equal(walk(again, ROOM), 2);
	assert_int_equal(again[0].code, frames[0].code);
	assert_int_not_equal(again[0].check, frames[0].check);
	assert_int_equal(again[1].code, frames[1].code);
	assert_int_not_equal(again[1].check, frames[1].check);
}

static void classes_that_java_makes_for_itself_are_left_out(void **state)
{
	static const char *const hidden[] = {"Main$$Lambda$14+0x8000", "sun/reflect/Generated",
					     "java/lang/invoke/MH"};
	struct language_frame frames[ROOM];
	struct language_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
		fake_symbol(fake.class_name, hidden[i]);
		assert_int_equal(walk(frames, ROOM), 2);
		assert_false(has_more(frames[0], 0));
		assert_false(has_more(frames[1], 0));
	}
	fake_symbol(fake.class_name, "java/io/File");
	assert_true(hotspot_name(&fake.vm, &frames[0], &name));
	assert_string_equal(name.function, "java.io.File.inner");
	assert_true(name.library);
}

static void frames_that_cannot_be_read_are_said(void **state)
{
	struct language_frame frames[ROOM];

	(void)state;
	fake.stack[25] = fake_pc(&fake, FAKE_STUB, 64); /* a stub without a frame's size */
	assert_int_equal(walk(frames, ROOM), 2);
	assert_int_equal(frames[0].flags, 0);
	assert_int_equal(frames[1].flags, LANGUAGE_UNREAD);
}

/* Overwrites each word with what a torn or wrong one may be. */
static void any_word_may_be_wrong(void **state)
{
	const uint64_t wrong[] = {0,
				  1,
				  8,
				  UINT64_MAX,
				  UINT64_MAX - 7,
				  0x7ffffffff000,
				  (uintptr_t)&fake.code[FAKE_CODE - 1],
				  (uintptr_t)&fake.stack[2],
				  (uintptr_t)&fake.stack[127],
				  (uintptr_t)&fake.outer};
	uint64_t *const areas[] = {fake.stack,       fake.outer,
				   fake.inner,       fake.outer_const,
				   fake.inner_const, fake.pool,
				   fake.klass,       fake.metadata,
				   fake.descriptors, (uint64_t *)(fake.code + FAKE_COMPILED)};
	static const size_t sizes[] = {128, 4, 4, 8, 8, 12, 4, 4, 8, 10};
	struct language_frame frames[ROOM];
	size_t tried = 0;

	(void)state;
	for (size_t area = 0; area < sizeof(areas) / sizeof(*areas); area++)
		for (size_t i = 0; i < sizes[area]; i++)
			for (size_t j = 0; j < sizeof(wrong) / sizeof(*wrong); j++) {
				struct language_name name;

				fake_fill(&fake);
				areas[area][i] = wrong[j];
				int count = walk(frames, ROOM);
				assert_uint_in_range(count, 0, ROOM);
				for (int at = 0; at < count; at++)
					for (; frames[at].inlined < 4; frames[at].inlined++)
						hotspot_name(&fake.vm, &frames[at], &name);
				tried++;
			}
	assert_true(tried > 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "frames are interpreted and compiled, with inlined functions",
		 .test_func = frames_are_interpreted_and_compiled,
		 .setup_func = set_up},
		{.name = "a thread that isn't in native code has no frames",
		 .test_func = a_thread_that_is_not_in_native_code_has_none,
		 .setup_func = set_up},
		{.name = "more frames than the room are said",
		 .test_func = more_than_the_room_is_said,
		 .setup_func = set_up},
		{.name = "code that became invalid has its return address elsewhere",
		 .test_func = code_that_became_invalid_has_its_return_address_elsewhere,
		 .setup_func = set_up},
		{.name = "Java code that native code has called goes on at the native code's "
			 "caller",
		 .test_func = java_called_from_native_code_goes_on_at_its_caller,
		 .setup_func = set_up},
		{.name = "other code at the same place is another frame",
		 .test_func = other_code_at_the_same_place_is_another_frame,
		 .setup_func = set_up},
		{.name = "classes that Java makes for itself are left out",
		 .test_func = classes_that_java_makes_for_itself_are_left_out,
		 .setup_func = set_up},
		{.name = "frames that can't be read are said",
		 .test_func = frames_that_cannot_be_read_are_said,
		 .setup_func = set_up},
		{.name = "any word may be wrong",
		 .test_func = any_word_may_be_wrong,
		 .setup_func = set_up},
	};
	return cmocka_run_group_tests_name("hotspot-walk", tests, NULL, NULL);
}
