// SPDX-License-Identifier: MIT
/* Python's frames, from memory that looks like an interpreter's, and from memory that doesn't. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "preload/languages/python_internal.h"
#include "preload/languages/python_tasks.h"

enum { ROOM = 16, WORDS = 512, OWNED_BY_STACK = 3, TYPE = 0x1234560 };

/* Objects are made one after the other. */
static uint64_t memory[WORDS * 8] __attribute__((aligned(4096)));
static size_t used;

static int set_up(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	used = 0;
	return 0;
}

static uintptr_t make(size_t size)
{
	uintptr_t object = (uintptr_t)memory + used;

	used += (size + 63) / 64 * 64;
	assert_true(used <= sizeof(memory));
	return object;
}

static void put(uintptr_t object, uint32_t offset, uintptr_t word)
{
	memcpy((void *)(object + offset), &word, sizeof(word));
}

static uintptr_t make_text(const struct python_layout *layout, const char *text)
{
	enum { ASCII_COMPACT = 1 | 1 << 3 | 1 << 4 };
	size_t length = strlen(text);
	uintptr_t object = make(layout->ascii_size + length + 1);

	put(object, layout->str_length, length);
	put(object, layout->str_state, ASCII_COMPACT << layout->state_shift);
	memcpy((void *)(object + layout->ascii_size), text, length + 1);
	return object;
}

static uintptr_t make_code(const struct python_layout *layout, const char *name, const char *file)
{
	uintptr_t code = make(layout->code_size + 16);
	uint32_t line = 7;

	put(code, layout->object_type, TYPE);
	put(code, layout->code_name, make_text(layout, name));
	put(code, layout->code_qualified, make_text(layout, name));
	put(code, layout->code_file, make_text(layout, file));
	put(code, layout->code_lines, make(64)); /* an empty bytes object */
	memcpy((void *)(code + layout->code_first_line), &line, sizeof(line));
	return code;
}

static uintptr_t make_frame(const struct python_layout *layout, uintptr_t code, uintptr_t previous)
{
	uintptr_t frame = make(layout->frame_size + 16);

	put(frame, layout->frame_previous, previous);
	put(frame, layout->frame_code, code);
	put(frame, layout->frame_at,
	    layout->code_instructions ? code + layout->code_instructions + 4 : 4);
	return frame;
}

/* A thread state that leads to this frame. */
static uintptr_t make_thread(const struct python_layout *layout, uintptr_t frame, uintptr_t *cframe)
{
	uintptr_t thread = make(128);

	*cframe = layout->thread_cframe ? make(32) : 0;
	if (*cframe)
		put(thread, layout->thread_cframe, *cframe);
	if (*cframe && layout->frames != PYTHON_FRAME_OBJECTS)
		put(*cframe, layout->cframe_frame, frame);
	else
		put(thread, layout->thread_frame, frame);
	return thread;
}

static void frame_objects_are_entries_each(void **state)
{
	const struct python_layout *layout = python_layout_of(3, 8);
	struct language_frame frames[ROOM];
	struct language_name name;
	uintptr_t cframe;

	(void)state;
	uintptr_t outer = make_frame(layout, make_code(layout, "outer", "/srv/app.py"), 0);
	uintptr_t inner = make_frame(layout, make_code(layout, "inner", "/srv/app.py"), outer);
	assert_int_equal(python_walk(layout, make_thread(layout, inner, &cframe), frames, ROOM), 2);
	assert_int_equal(frames[0].flags, LANGUAGE_ENTRY);
	assert_int_equal(frames[1].flags, LANGUAGE_ENTRY);
	assert_int_equal(frames[0].at, 4);
	assert_true(python_name(layout, TYPE, &frames[0], &name));
	assert_string_equal(name.function, "inner");
	assert_string_equal(name.file, "/srv/app.py");
	assert_int_equal(name.line, 7);
	assert_false(name.library);
}

static void runs_end_at_entry_flags(void **state)
{
	const struct python_layout *layout = python_layout_of(3, 11);
	struct language_frame frames[ROOM];
	uintptr_t cframe, code, frame[3], outer_cframe;

	(void)state;
	code = make_code(layout, "f", "/srv/app.py");
	frame[2] = make_frame(layout, code, 0);
	frame[1] = make_frame(layout, code, frame[2]);
	frame[0] = make_frame(layout, code, frame[1]);
	*(uint8_t *)(frame[1] + layout->frame_is_entry) = 1;
	*(uint8_t *)(frame[2] + layout->frame_is_entry) = 1;
	uintptr_t thread = make_thread(layout, frame[0], &cframe);
	outer_cframe = make(32);
	put(cframe, layout->cframe_previous, outer_cframe);
	assert_int_equal(python_walk(layout, thread, frames, ROOM), 3);
	assert_int_equal(frames[0].flags, 0);
	assert_int_equal(frames[1].flags, LANGUAGE_ENTRY);
	assert_int_equal(frames[2].flags, LANGUAGE_ENTRY);
	assert_int_equal(frames[0].stack, cframe);
	assert_int_equal(frames[1].stack, cframe);
	assert_int_equal(frames[2].stack, outer_cframe);
	assert_int_equal(frames[0].at, 4);
}

static void frames_on_the_stack_are_not_shown(void **state)
{
	const struct python_layout *layout = python_layout_of(3, 12);
	struct language_frame frames[ROOM];
	uintptr_t cframe, code;

	(void)state;
	code = make_code(layout, "f", "/srv/app.py");
	uintptr_t outer_shim = make_frame(layout, code, 0);
	uintptr_t outer = make_frame(layout, code, outer_shim);
	uintptr_t shim = make_frame(layout, code, outer);
	uintptr_t inner = make_frame(layout, code, shim);
	*(uint8_t *)(outer_shim + layout->frame_owner) = OWNED_BY_STACK;
	*(uint8_t *)(shim + layout->frame_owner) = OWNED_BY_STACK;
	assert_int_equal(python_walk(layout, make_thread(layout, inner, &cframe), frames, ROOM), 2);
	assert_int_equal(frames[0].stack, shim);
	assert_int_equal(frames[1].stack, outer_shim);
	assert_int_equal(frames[0].flags, LANGUAGE_ENTRY);
}

enum { STATE = 8, TOP = 16, GENERATOR_FRAME = 64 }; /* offsets in what follows */

static const struct python_tasks tasks = {
	.running = 96,
	.is_task = 8,
	.awaited_by = 16,
	.awaited_by_is_set = 9,
	.coroutine = 24,
};

/* The layout of 3.12, with the offsets of coroutines that 3.14 has. */
static struct python_layout with_tasks(void)
{
	struct python_layout layout = *python_layout_of(3, 12);

	layout.object_type = 0;
	layout.generator_state = STATE;
	layout.generator_frame = GENERATOR_FRAME;
	layout.frame_top = TOP;
	return layout;
}

/* A coroutine that runs this code, and awaits another one; 0: it awaits nothing. Its frame. */
static uintptr_t make_coroutine(const struct python_layout *layout, uintptr_t code, uintptr_t inner)
{
	enum { TYPE_OF_COROUTINES = 0x7654320, TAG = 1 };
	uintptr_t coroutine = make(GENERATOR_FRAME + layout->frame_size + 16);
	uintptr_t frame = coroutine + GENERATOR_FRAME, values = make(64);

	put(coroutine, 0, TYPE_OF_COROUTINES);
	*(int8_t *)(coroutine + STATE) = inner ? -1 : -2;
	put(frame, layout->frame_code, code);
	put(frame, layout->frame_at, code + layout->code_instructions + 4);
	put(frame, TOP, values + 8);
	put(values, 0, inner ? (inner - GENERATOR_FRAME) | TAG : 0);
	return frame;
}

static uintptr_t make_task(uintptr_t frame, uintptr_t awaited_by)
{
	uintptr_t task = make(64);

	*(uint8_t *)(task + tasks.is_task) = 1;
	put(task, tasks.coroutine, frame - GENERATOR_FRAME);
	put(task, tasks.awaited_by, awaited_by);
	return task;
}

static void awaiting_tasks_are_callers_of_the_running_one(void **state)
{
	struct python_layout layout = with_tasks();
	struct language_frame frames[ROOM], shorter[2];
	uintptr_t cframe;

	(void)state;
	uintptr_t loop = make_code(&layout, "loop", "/usr/lib/python3.14/asyncio/events.py");
	uintptr_t runs = make_code(&layout, "runs", "/srv/app.py");
	uintptr_t waits = make_code(&layout, "waits", "/srv/app.py");
	uintptr_t outer = make_code(&layout, "outer", "/srv/app.py");
	uintptr_t outer_shim = make_frame(&layout, loop, 0);
	uintptr_t loop_frame = make_frame(&layout, loop, outer_shim);
	uintptr_t shim = make_frame(&layout, loop, loop_frame);
	uintptr_t running = make_coroutine(&layout, runs, 0);
	*(uint8_t *)(outer_shim + layout.frame_owner) = OWNED_BY_STACK;
	*(uint8_t *)(shim + layout.frame_owner) = OWNED_BY_STACK;
	put(running, layout.frame_previous, shim);

	uintptr_t waiting = make_coroutine(&layout, waits, 0);
	uintptr_t awaiter = make_task(make_coroutine(&layout, outer, waiting), 0);
	uintptr_t task = make_task(running, awaiter);
	uintptr_t thread = make_thread(&layout, running, &cframe);
	put(thread, tasks.running, task);

	int count = python_walk(&layout, thread, frames, ROOM);
	assert_int_equal(count, 2);
	assert_true(python_tasks_awaited(&tasks, thread));
	count = python_tasks_add(&layout, &tasks, thread, frames, count, ROOM);
	assert_int_equal(count, 4);
	assert_int_equal(frames[0].code, runs);
	assert_int_equal(frames[1].code, waits);
	assert_int_equal(frames[2].code, outer);
	assert_int_equal(frames[3].code, loop);
	assert_int_equal(frames[2].at, 4);
	/* They run where the task does, and end its run. */
	assert_int_equal(frames[0].flags | frames[1].flags, 0);
	assert_int_equal(frames[2].flags, LANGUAGE_ENTRY);
	assert_int_equal(frames[2].stack, frames[0].stack);

	/* With less room the last one says that there are more. */
	count = python_walk(&layout, thread, shorter, 2);
	count = python_tasks_add(&layout, &tasks, thread, shorter, count, 2);
	assert_int_equal(count, 2);
	assert_int_equal(shorter[1].code, waits);
	assert_true(shorter[1].flags & LANGUAGE_MORE);

	/* If several wait, any may be the one to blame. */
	*(uint8_t *)(task + tasks.awaited_by_is_set) = 1;
	assert_false(python_tasks_awaited(&tasks, thread));
	count = python_walk(&layout, thread, frames, ROOM);
	assert_int_equal(python_tasks_add(&layout, &tasks, thread, frames, count, ROOM), 2);
}

static void a_ring_of_frames_ends(void **state)
{
	(void)state;
	for (unsigned int minor = 8; minor <= 12; minor++) {
		const struct python_layout *layout = python_layout_of(3, minor);
		struct language_frame frames[ROOM];
		uintptr_t cframe;

		set_up(NULL);
		uintptr_t frame = make_frame(layout, make_code(layout, "f", "/srv/app.py"), 0);
		put(frame, layout->frame_previous, frame);
		uintptr_t thread = make_thread(layout, frame, &cframe);
		assert_int_equal(python_walk(layout, thread, frames, ROOM), ROOM);
		assert_true(frames[ROOM - 1].flags & LANGUAGE_MORE);
		if (layout->frames != PYTHON_STACK_FRAMES)
			continue;
		/* A ring of frames that aren't shown. */
		*(uint8_t *)(frame + layout->frame_owner) = OWNED_BY_STACK;
		assert_int_equal(python_walk(layout, thread, frames, ROOM), 0);
	}
}

static void wrong_pointers_are_not_followed(void **state)
{
	static const uintptr_t wrong[] = {0,
					  1,
					  8,
					  0xfff,
					  0xdeadbeef,
					  UINTPTR_MAX,
					  UINTPTR_MAX - 7,
					  0x8000000000000000,
					  0xffffffff81000000};

	(void)state;
	for (unsigned int minor = 8; minor <= 12; minor++)
		for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
			const struct python_layout *layout = python_layout_of(3, minor);
			struct language_frame frames[ROOM];
			struct language_name name;
			uintptr_t cframe, code, frame;

			set_up(NULL);
			code = make_code(layout, "f", "/srv/app.py");
			frame = make_frame(layout, code, wrong[i]);
			assert_int_equal(python_walk(layout, wrong[i], frames, ROOM), 0);
			uintptr_t thread = make_thread(layout, frame, &cframe);
			assert_int_equal(python_walk(layout, thread, frames, ROOM), 1);

			put(code, layout->code_file, wrong[i]);
			put(code, layout->code_name, wrong[i]);
			put(code, layout->code_qualified, wrong[i]);
			put(code, layout->code_lines, wrong[i]);
			assert_int_equal(python_walk(layout, thread, frames, ROOM), 1);
			assert_false(python_name(layout, TYPE, &frames[0], &name));
			put(frame, layout->frame_code, wrong[i]);
			assert_int_equal(python_walk(layout, thread, frames, ROOM), 1);
			assert_false(python_name(layout, TYPE, &frames[0], &name));
			make_thread(layout, wrong[i], &cframe);
			assert_int_equal(python_walk(layout, make_thread(layout, wrong[i], &cframe),
						     frames, ROOM),
					 0);
		}
}

/* The same addresses, another file of the same length: code that exec() ran and that is gone. */
static void another_file_at_the_same_address_differs(void **state)
{
	const struct python_layout *layout = python_layout_of(3, 11);
	struct language_frame frames[ROOM];
	uintptr_t cframe, code, frame, text;
	uint32_t before;

	(void)state;
	code = make_code(layout, "f", "<made 1>");
	frame = make_frame(layout, code, 0);
	uintptr_t thread = make_thread(layout, frame, &cframe);
	assert_int_equal(python_walk(layout, thread, frames, ROOM), 1);
	before = frames[0].check;
	assert_int_equal(python_walk(layout, thread, frames, ROOM), 1);
	assert_int_equal(frames[0].check, before);
	memcpy(&text, (const void *)(code + layout->code_file), sizeof(text));
	memcpy((void *)(text + layout->ascii_size), "<made 2>", 8);
	assert_int_equal(python_walk(layout, thread, frames, ROOM), 1);
	assert_int_not_equal(frames[0].check, before);
}

static void libraries_are_told_by_their_paths(void **state)
{
	static const struct {
		const char *file;
		bool library;
	} files[] = {
		{"/usr/lib/python3.11/socket.py", true},
		{"/opt/lib64/python3.11/socket.py", true},
		{"/srv/env/lib/python3.11/site-packages/requests/api.py", true},
		{"/usr/lib/python3/dist-packages/apt/cache.py", true},
		{"<frozen importlib._bootstrap>", true},
		{"/usr/lib/python311.zip/socket.py", true},
		{"/srv/lib/python3.12/app.py", false},
		{"/home/lib/python3.1/x.py", false},
		{"/srv/python3.11/app.py", false},
		{"app.py", false},
		{"<string>", false},
		{"<stdin>", false},
	};
	const struct python_layout *layout = python_layout_of(3, 11);

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct language_frame frame = {0};
		struct language_name name;

		set_up(NULL);
		frame.code = make_code(layout, "f", files[i].file);
		assert_true(python_name(layout, TYPE, &frame, &name));
		if (name.library != files[i].library)
			fail_msg("%s", files[i].file);
	}
}

static void all_kinds_of_text(void **state)
{
	static const struct {
		uint32_t kind, characters[4];
		const char *utf8;
	} texts[] = {
		{1, {'a', 0xe9}, "a\xc3\xa9"},
		{2,
		 {0x20ac, 'b', 0xdcff},
		 "\xe2\x82\xac"
		 "b\xff"},
		{4, {0x1f40d}, "\xf0\x9f\x90\x8d"},
	};
	const struct python_layout *layout = python_layout_of(3, 12);
	char text[8];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		uintptr_t object;
		uint32_t length = 0;

		set_up(NULL);
		object = make(layout->compact_size + 32);
		for (; texts[i].characters[length]; length++)
			memcpy((void *)(object + layout->compact_size + length * texts[i].kind),
			       &texts[i].characters[length], texts[i].kind);
		put(object, layout->str_length, length);
		put(object, layout->str_state, (texts[i].kind | 1 << 3) << layout->state_shift);
		assert_true(python_text(layout, object, text, sizeof(text)));
		assert_string_equal(text, texts[i].utf8);
		/* Cut between characters. */
		assert_true(python_text(layout, object, text, strlen(texts[i].utf8)));
		assert_true(strlen(text) < strlen(texts[i].utf8));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(frame_objects_are_entries_each, set_up),
		cmocka_unit_test_setup(runs_end_at_entry_flags, set_up),
		cmocka_unit_test_setup(frames_on_the_stack_are_not_shown, set_up),
		cmocka_unit_test_setup(awaiting_tasks_are_callers_of_the_running_one, set_up),
		cmocka_unit_test_setup(a_ring_of_frames_ends, set_up),
		cmocka_unit_test_setup(wrong_pointers_are_not_followed, set_up),
		cmocka_unit_test_setup(another_file_at_the_same_address_differs, set_up),
		cmocka_unit_test_setup(libraries_are_told_by_their_paths, set_up),
		cmocka_unit_test_setup(all_kinds_of_text, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
