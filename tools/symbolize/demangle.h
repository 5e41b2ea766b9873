// SPDX-License-Identifier: MIT
/*
 * Demangles names of C++ (Itanium ABI) and Rust (v0 and legacy). A name may be forged: a hundred
 * bytes can stand for a text longer than any memory, so the work ends at a limit.
 */
#pragma once

#include <stddef.h>

enum {
	DEMANGLE_NAME_MAX = 4096, /* longer mangled names stay as they are */
	DEMANGLE_TEXT_MAX = 8192, /* names that would become longer stay mangled */
};

enum demangle_result {
	DEMANGLE_NOT_MANGLED, /* a C name, for example */
	DEMANGLE_DONE,
	DEMANGLE_TOO_LONG,   /* the mangled name or the result */
	DEMANGLE_UNREADABLE, /* not a mangled name, or of a kind that this demangler does not
			      * know */
};

/* Writes the demangled name and a zero byte into text, which has DEMANGLE_TEXT_MAX bytes. */
enum demangle_result demangle_try(const char *mangled, char *text);

/* The same, but never fails: returns text, or mangled itself if it is not a mangled name or is too
 * long. */
const char *demangle(const char *mangled, char *text);
