// SPDX-License-Identifier: MIT
/* The files of the C library, by name; and the last part of a path. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "preload/core/base/base_name.h"
#include "preload/core/base/c_library.h"

static void files_of_glibc_and_musl_are_known(void **state)
{
	static const char *const paths[] = {
		"/lib/x86_64-linux-gnu/libc.so.6",
		"/usr/lib/libc-2.31.so",
		"/lib/libpthread.so.0",
		"/lib/libpthread-2.31.so",
		"/lib/librt.so.1",
		"/lib/librt-2.31.so",
		"/lib/libutil.so.1",
		"/lib/libutil-2.31.so",
		"/lib/libdl.so.2",
		"/lib/libm.so.6",
		"/lib64/ld-linux-x86-64.so.2",
		"/lib/ld-linux.so.2",
		"/lib/ld-musl-x86_64.so.1",
		"/lib/libc.musl-x86_64.so.1",
		"/usr/lib/x86_64-linux-musl/libc.so",
		"libc.so.6",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		assert_true(c_library_is(paths[i]));
}

static void files_with_similar_names_are_not(void **state)
{
	static const char *const paths[] = {
		"/srv/app/libcache.so",
		"/srv/app/libmine.so",
		"/opt/x/libc",
		"/opt/libc-client.so",
		"/lib/libresolv.so.2",
		"/usr/lib/libc++.so.1",
		"/srv/libc.so/server",
		"/srv/app/libc.something",
		"/srv/lib/libutils.so",
		"",
		"/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		assert_false(c_library_is(paths[i]));
}

static void the_base_name_is_what_follows_the_last_slash(void **state)
{
	(void)state;
	assert_string_equal(base_name("/usr/bin/env"), "env");
	assert_string_equal(base_name("env"), "env");
	assert_string_equal(base_name("/"), "");
	assert_string_equal(base_name("a/b/"), "");
	assert_string_equal(base_name(""), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "files of glibc and musl are known",
		 .test_func = files_of_glibc_and_musl_are_known},
		{.name = "files with similar names are not",
		 .test_func = files_with_similar_names_are_not},
		{.name = "the base name is what follows the last slash",
		 .test_func = the_base_name_is_what_follows_the_last_slash},
	};

	return cmocka_run_group_tests_name("c library", tests, NULL, NULL);
}
