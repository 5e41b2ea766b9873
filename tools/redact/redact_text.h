// SPDX-License-Identifier: MIT
/* Replaces what shall stay private in one text: addresses, names in home folders, and the names
 * that are replaced everywhere (substitutes.h). */
#pragma once

#include "substitutes.h"

enum redact_form {
	REDACT_PATH,     /* the whole text is a path, not escaped */
	REDACT_LINE,     /* a line as written: paths end at a blank, or at their quote */
	REDACT_ABOUT_FD, /* the same, and an "@" begins the name of an abstract socket */
	REDACT_SENTENCE, /* a line with names of functions: one may be called as a user is */
};

/* Returns the text with substitutes, which the caller frees. program: the program's name, which
 * stays also in a home folder; or NULL. */
char *redact_text(struct substitutes *substitutes, const char *text, enum redact_form form,
		  const char *program);

/* The same for an address alone: "10.0.0.1:80", "[::1]:80", "@name" or a path. */
char *redact_address(struct substitutes *substitutes, const char *text, const char *program);
