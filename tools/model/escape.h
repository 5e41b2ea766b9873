// SPDX-License-Identifier: MIT
/*
 * Escapes the model's strings for printing. Every name that comes from outside is printed through
 * these functions, so that no name can drive a terminal or fake a line. The rules are those of the
 * snapshot writer (preload/core/snapshot/escape_text.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes text, escaped. For the end of a line: blanks stay. */
void escape_put(FILE *file, const char *text);

/* Writes text inside a line: escaped, and in double quotes if it would not be one word. */
void escape_put_word(FILE *file, const char *text);

/* Writes the name of a function: escaped, and in double quotes if it has a blank or a quote. */
void escape_put_name(FILE *file, const char *text);

/* The name of a file before a colon and a line: a word, in quotes also if it has a colon itself. */
void escape_put_place(FILE *file, const char *text);

/* The escaped text, which the caller frees. */
char *escape_text(const char *text);

/* Whether these bytes of a snapshot's line can be printed as they are. */
bool escape_is_done(const char *bytes, size_t size);

/* The same bytes with \xNN for each that can't be printed; escapes that are already there stay. The
 * caller frees the result. */
char *escape_rest(const char *bytes, size_t size);
