// SPDX-License-Identifier: MIT
/* See user_code.h. */
#include "user_code.h"

#include <stddef.h>
#include <string.h>

#include "preload/core/base/base_name.h"
#include "preload/core/base/c_library.h"
#include "language.h"

static bool begins(const char *string, const char *const *beginnings)
{
	for (; *beginnings; beginnings++)
		if (strncmp(string, *beginnings, strlen(*beginnings)) == 0)
			return true;
	return false;
}

static bool contains(const char *string, const char *const *parts)
{
	for (; *parts; parts++)
		if (strstr(string, *parts))
			return true;
	return false;
}

bool own_module(const char *path)
{
	static const char *const system_folders[] = {
		"/lib/",       "/lib32/",     "/lib64/",     "/libx32/",
		"/usr/lib/",   "/usr/lib32/", "/usr/lib64/", "/usr/libx32/",
		"/nix/store/", "/gnu/store/", NULL,
	};
	/* In any folder: shipped with the program, or in a container's image. */
	static const char *const runtimes[] = {
		"libgcc_s", "libstdc++", "libc++",      "libunwind",    "libasan",    "libtsan",
		"libubsan", "liblsan",   "libclang_rt", "libresolv.so", "libfdtrail", NULL,
	};

	if (!path)
		return true;
	const char *name = base_name(path);

	if (c_library_is(path) || begins(name, runtimes) || strncmp(path, "linux-vdso", 10) == 0 ||
	    path[0] == '[')
		return false;
	/* Programs, wherever they are installed, have no .so in their names. */
	return !strstr(name, ".so") || !begins(path, system_folders);
}

bool own_function(const char *function, const char *file)
{
	static const char *const start_up[] = {
		"_start",
		"__libc_start_main",
		"__libc_start_call_main",
		"__libc_start_main_impl",
		"__libc_csu_init",
		"start_thread",
		"clone",
		"clone3",
		"__clone",
		"__clone3",
		"__do_global_ctors_aux",
		"call_init",
	};
	static const char *const system_sources[] = {
		"/usr/include/", "/usr/lib/gcc", "/usr/lib/llvm", "/rustc/", "/usr/src/rustc", NULL,
	};
	/* The folders where rustup and Debian unpack Rust's standard library, and what is left of
	 * them after path remapping. */
	static const char *const rust_sources[] = {
		"/rustlib/src/rust/",
		"/library/std/src/",
		"/library/core/src/",
		"/library/alloc/src/",
		NULL,
	};
	static const char *const standard_names[] = {
		"std::",   "__gnu_cxx::", "__cxxabiv1::", "core::",      "alloc::", "<std::",
		"<core::", "<alloc::",    "__rust_",      "rust_begin_", NULL,
	};
	static const char internal[] = "__GI_"; /* glibc's aliases for its own calls */
	const struct language *language;

	if (file && (begins(file, system_sources) || contains(file, rust_sources)))
		return false;
	language = language_of(function, file);
	if (language)
		return !language->is_runtime(function, file);
	if (!function)
		return true;
	if (strncmp(function, internal, sizeof(internal) - 1) == 0)
		function += sizeof(internal) - 1;
	for (size_t i = 0; i < sizeof(start_up) / sizeof(*start_up); i++)
		if (strcmp(function, start_up[i]) == 0)
			return false;
	return !begins(function, standard_names);
}
