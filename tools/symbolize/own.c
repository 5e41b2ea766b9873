// SPDX-License-Identifier: MIT
/* See own.h. */
#include "own.h"

#include <stddef.h>
#include <string.h>

#include "pclntab.h"

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

static bool ends(const char *string, const char *ending)
{
	size_t size = strlen(string), ending_size = strlen(ending);

	return size >= ending_size && strcmp(string + size - ending_size, ending) == 0;
}

bool own_module(const char *path)
{
	static const char *const system_folders[] = {
		"/lib/",       "/lib32/",     "/lib64/",     "/libx32/",
		"/usr/lib/",   "/usr/lib32/", "/usr/lib64/", "/usr/libx32/",
		"/nix/store/", "/gnu/store/", NULL,
	};
	/* Wherever they are: brought along, or in a container's image. */
	static const char *const runtimes[] = {
		"ld-linux", "ld-musl",   "libc.so",     "libc-2.",      "libc.musl",  "libpthread",
		"libdl.so", "libdl-2.",  "libm.so",     "libm-2.",      "librt.so",   "librt-2.",
		"libgcc_s", "libstdc++", "libc++",      "libunwind",    "libasan",    "libtsan",
		"libubsan", "liblsan",   "libclang_rt", "libresolv.so", "libfdtrail", NULL,
	};

	if (!path)
		return true;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (begins(name, runtimes) || strncmp(path, "linux-vdso", 10) == 0 || path[0] == '[')
		return false;
	/* Programs have no .so in their names, wherever they are installed. */
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
		"/usr/include/",
		"/usr/lib/gcc",
		"/usr/lib/llvm",
		"/rustc/",
		"/usr/src/rustc",
		"node:", /* its own scripts */
		NULL,
	};
	/* Where rustup and Debian unpack Rust's standard library, and what is left of it after path
	 * remapping. */
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

	static const char *const c_names[] = {
		"::", ".constprop.", ".part.", ".isra.", ".cold", ".lto_priv.", ".llvm.", "@", NULL,
	};

	if (file && (begins(file, system_sources) || contains(file, rust_sources)))
		return false;
	if (!function)
		return true;
	for (size_t i = 0; i < sizeof(start_up) / sizeof(*start_up); i++)
		if (strcmp(function, start_up[i]) == 0)
			return false;
	if (file && (ends(file, ".go") || (ends(file, ".s") && strchr(function, '.'))))
		return !pclntab_is_standard(function);
	/* Go's names show by themselves; a compiler's copies of C functions have dots, too. */
	if (!file && strchr(function, '.') && !contains(function, c_names))
		return !pclntab_is_standard(function);
	return !begins(function, standard_names);
}
