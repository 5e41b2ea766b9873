// SPDX-License-Identifier: MIT
/*
 * The symbolizer's knowledge of one programming language: how its functions are recognized, which
 * of them belong to its runtime, and how its compiler names code that it generates at run time. A
 * language is one file (language_NAME.c) and one row of the table in language.c.
 */
#pragma once

#include <stdbool.h>

/* The parts of a name; they point into the text that was parsed. */
struct generated_name {
	char *function, *file;
	int line, column; /* 0: not known */
};

struct language {
	/* Whether this is a function of the language. function or file may be NULL, not both. */
	bool (*detect)(const char *function, const char *file);
	/* Whether a function that detect() recognizes belongs to the language's runtime or its
	 * standard library, and not to the user. function is NULL only if detect() accepts that. */
	bool (*is_runtime)(const char *function, const char *file);
	/* Parses the name that the language's just-in-time compiler gives to a function, in place.
	 * False, and text as it was: it has another form. NULL: the language has no such compiler.
	 */
	bool (*name)(char *text, struct generated_name *name);
};

extern const struct language language_go;
extern const struct language language_ocaml;
extern const struct language language_v8;

/* The language of a function; NULL: it is not known, as for C, C++ and Rust. Either argument may be
 * NULL. */
const struct language *language_of(const char *function, const char *file);

/* Parses the name of generated code, in place: "JS:^serve /srv/app.js:12:5" is the function "serve"
 * in "/srv/app.js", line 12, column 5. False, and text as it was: no language names code so. */
bool language_parse_name(char *text, struct generated_name *name);
