// SPDX-License-Identifier: MIT
/*
 * Names of C++ (Itanium ABI) and Rust (v0 and legacy) as people write them. A name is the enemy's:
 * a hundred bytes can stand for a text longer than any memory, so the work ends at a limit.
 */
#pragma once

#include <stddef.h>

enum {
	DEMANGLE_NAME_MAX = 4096, /* longer mangled names stay as they are */
	DEMANGLE_TEXT_MAX = 8192, /* names that would become longer stay mangled */
};

enum demangle_result {
	DEMANGLE_NOT_MANGLED, /* as names of C are */
	DEMANGLE_DONE,
	DEMANGLE_TOO_LONG,   /* the name, or what it would become */
	DEMANGLE_UNREADABLE, /* no mangled name, or of a kind that this demangler does not know */
};

/* Writes the demangled name and a zero byte into text, which has DEMANGLE_TEXT_MAX bytes. */
enum demangle_result demangle_try(const char *mangled, char *text);

/* The same; returns text, or mangled itself when it is no mangled name or passes a limit. Never
 * fails. */
const char *demangle(const char *mangled, char *text);
