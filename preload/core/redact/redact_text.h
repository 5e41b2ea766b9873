// SPDX-License-Identifier: MIT
/*
 * Replaces what shall stay private in one text: addresses, names in home folders, and the names
 * that are replaced everywhere (substitutes.h). These are the rules of FDTRAIL_REDACT, for which
 * core/snapshot/redact_lines.h takes the lines of a snapshot, and of `fdtrail report --redact`,
 * which takes the strings of the model. Async-signal-safe.
 */
#pragma once

#include "substitutes.h"

enum redact_form {
	REDACT_PATH,     /* the whole text is a path, not escaped */
	REDACT_LINE,     /* a line as written: paths end at a blank, or at their quote */
	REDACT_ABOUT_FD, /* the same, and an "@" begins the name of an abstract socket */
	REDACT_SENTENCE, /* a line with names of functions: one may be called as a user is */
};

enum {
	REDACT_SHORTEST_ARGUMENT = 6, /* a shorter one stands in too many texts */
	REDACT_SHORTEST_HOST = 2,
};

/* Takes the pieces of the text with substitutes. */
struct redact_output {
	void (*put)(struct redact_output *output, const char *bytes, size_t size);
};

/* Passes the text with substitutes to output. program: the program's name, which stays also in a
 * home folder; or NULL. */
void redact_text(struct substitutes *substitutes, const char *text, enum redact_form form,
		 const char *program, struct redact_output *output);

/* The same for an address alone: "10.0.0.1:80", "[::1]:80", "@name" or a path. */
void redact_address(struct substitutes *substitutes, const char *text, const char *program,
		    struct redact_output *output);

/* Learns an argument, and its value after "=": a path or a word that may come again elsewhere. */
void redact_learn_argument(struct substitutes *substitutes, const char *argument);

/* Learns a host's name, and its first part. */
void redact_learn_host(struct substitutes *substitutes, const char *host);
