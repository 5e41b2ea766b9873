// SPDX-License-Identifier: MIT
/*
 * Builds a line of text in place, without a heap or a locale: a message, a file name, a snapshot's
 * reason. Text that doesn't fit is cut off. Async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "utf8.h"

enum {
	LINE_LONG = 4608, /* a path of PATH_MAX and a sentence around it */
	LINE_SHORT = 192, /* for signal handlers, whose stack may be small */
};

struct line {
	size_t length, size;
	char *text; /* always ends in NUL */
};

/* Declares an empty line of at most bytes - 1 bytes, with its memory. */
#define LINE(name, bytes)                                                                          \
	char name##_text[bytes] = "";                                                              \
	struct line name = {.size = (bytes), .text = name##_text}

static inline void line_bytes(struct line *line, const char *bytes, size_t length)
{
	while (length-- && line->length < line->size - 1)
		line->text[line->length++] = *bytes++;
	line->text[line->length] = '\0';
}

static inline void line_add(struct line *line, const char *text)
{
	while (*text && line->length < line->size - 1)
		line->text[line->length++] = *text++;
	line->text[line->length] = '\0';
}

/* Adds text from outside. Control characters, characters that turn the direction of writing, and
 * bytes that aren't UTF-8 become '?', so that the text can't control a terminal. */
static inline void line_quote(struct line *line, const char *text)
{
	size_t left = strlen(text), length;
	uint32_t character;

	for (; left; text += length, left -= length) {
		length = utf8_decode((const uint8_t *)text, left, &character);
		bool shown = length && !utf8_is_invisible(character);
		length = length ? length : 1;
		/* A character is never cut in the middle. */
		if (line->length + length > line->size - 1)
			return;
		line_bytes(line, shown ? text : "?", shown ? length : 1);
	}
}

static inline void line_number(struct line *line, int64_t number)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do
		digits[--at] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (number < 0)
		digits[--at] = '-';
	line_bytes(line, digits + at, sizeof(digits) - at);
}
