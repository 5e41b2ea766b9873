// SPDX-License-Identifier: MIT
/* Counting the innermost frames that belong to the C library, which the preload never sees. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tools/engine/walk/libc_frames.h"

static struct arena arena;
static struct module_table modules;

static int begin(void **state)
{
	(void)state;
	return module_table_init(&modules, &arena) ? 0 : -1;
}

static uint32_t add(const char *path, bool is_main)
{
	uint32_t id = module_table_add(&modules, path, (const uint8_t *)"", 0, 0, 0x1000, 0x2000);

	modules.modules[id].is_main = is_main;
	return id;
}

static void the_files_of_a_c_library_are_known_by_name(void **state)
{
	static const struct {
		const char *path;
		bool library;
	} rows[] = {
		{"/lib/x86_64-linux-gnu/libc.so.6", true},
		{"/lib/libc-2.31.so", true},
		{"/lib/libpthread.so.0", true},
		{"/lib/libpthread-2.31.so", true},
		{"/lib/librt.so.1", true},
		{"/lib/libutil.so.1", true},
		{"/lib64/ld-linux-x86-64.so.2", true},
		{"/lib/ld-musl-x86_64.so.1", true},
		{"/lib/libc.musl-x86_64.so.1", true},
		{"/usr/lib/x86_64-linux-musl/libc.so", true},
		{"/srv/libc.so.6.d/libapp.so", false},
		{"/usr/lib/libcurl.so.4", false},
		{"/usr/lib/libc++.so.1", false},
		{"/usr/lib/mylibc.so", false},
		{"/srv/librtmp.so.1", false},
		{"linux-vdso.so.1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		frame_t frames[] = {FRAME_MAKE(add(rows[i].path, false), 0x10),
				    FRAME_MAKE(add("/srv/app", false), 0x20)};

		if (libc_frames_count(NULL, &modules, frames, 2) != rows[i].library)
			fail_msg("%s", rows[i].path);
	}
}

static void only_the_innermost_ones_count(void **state)
{
	uint32_t libc = add("/lib/libc.so.6", false), app = add("/srv/app", true);
	frame_t frames[] = {FRAME_MAKE(libc, 1), FRAME_MAKE(libc, 2), FRAME_MAKE(app, 3),
			    FRAME_MAKE(libc, 4)};

	(void)state;
	assert_int_equal(libc_frames_count(NULL, &modules, frames, 4), 2);
	assert_int_equal(libc_frames_count(NULL, &modules, frames + 2, 2), 0);
	/* If all frames are the C library's (a thread of its own), none is left out. */
	assert_int_equal(libc_frames_count(NULL, &modules, frames, 2), 0);
	/* Generated code is the program's own, and so are the frames after a mark for a
	 * goroutine's creator. */
	frames[1] = FRAME_MAKE(MODULE_NONE, 2);
	assert_int_equal(libc_frames_count(NULL, &modules, frames, 4), 1);
	frames[1] = FRAME_CREATED_BY(STACK_COMPLETE);
	assert_int_equal(libc_frames_count(NULL, &modules, frames, 4), 1);
	assert_int_equal(libc_frames_count(NULL, &modules, frames, 0), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function) {.name = title, .test_func = function, .setup_func = begin}
		TEST("the files of a C library are known by name",
		     the_files_of_a_c_library_are_known_by_name),
		TEST("only the innermost frames count", only_the_innermost_ones_count),
	};

	return cmocka_run_group_tests_name("libc-frames", tests, NULL, NULL);
}
