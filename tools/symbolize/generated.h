// SPDX-License-Identifier: MIT
/*
 * Names of generated code, which just-in-time compilers put together from all that they know: V8
 * has the function, the file, line and column in one text.
 */
#pragma once

#include <stdbool.h>

struct generated_name {
	char *function, *file; /* point into the text */
	int line, column;
};

/* Takes "JS:^serve /srv/app.js:12:5" apart, in place: "serve", "/srv/app.js", 12, 5. False, and
 * text as it was: it has another form. */
bool generated_name_parse(char *text, struct generated_name *name);
