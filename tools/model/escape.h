// SPDX-License-Identifier: MIT
/*
 * The model's strings, back in the words of the text: whatever is printed of a name that comes from
 * outside goes through here, so that no name drives a terminal or fakes a line. The rules are the
 * tracer's own (preload/core/snapshot/escape_text.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Puts text, escaped, to the end of a line. */
void escape_put(FILE *file, const char *text);

/* Puts text inside a line: escaped, and in double quotes when it would not be one word. */
void escape_put_word(FILE *file, const char *text);

/* Puts the name of a function: escaped, and in double quotes when a blank or a quote is in it. */
void escape_put_name(FILE *file, const char *text);

/* The escaped text, which the caller frees. */
char *escape_text(const char *text);

/* Whether these bytes, as a snapshot has them or should have them, can be printed as they are. */
bool escape_is_done(const char *bytes, size_t size);

/* These bytes with \xNN for those that can't be printed; escapes that are there stay. The caller
 * frees it. */
char *escape_rest(const char *bytes, size_t size);
