// SPDX-License-Identifier: MIT
/*
 * See escape_text.h. These are escaped: the backslash, control bytes, bytes that aren't UTF-8, and
 * characters that are invisible or turn the direction of the text (C1 controls, zero-width, line
 * separators, bidirectional marks), because a file name could use them to look like another.
 */
#include "escape_text.h"

#include <stdbool.h>
#include <string.h>

#include "preload/core/base/utf8.h"

static const char hex_digits[] = "0123456789abcdef";

/* writer_put, but without a call if there is room, as usual: most of a text is written in pieces of
 * a few bytes. */
static inline __attribute__((always_inline)) void put_bytes(struct writer *writer,
							    const char *bytes, size_t size)
{
	if (writer->error || size >= writer->size - writer->used) {
		writer_put(writer, bytes, size);
		return;
	}
	memcpy(writer->buffer + writer->used, bytes, size);
	writer->used += size;
}

void put_string(struct writer *writer, const char *string)
{
	put_bytes(writer, string, strlen(string));
}

void put_char(struct writer *writer, char character)
{
	put_bytes(writer, &character, 1);
}

/* Inline, so that the compiler knows base in the division: most of a long text is digits. */
static inline __attribute__((always_inline)) void put_number(struct writer *writer, uint64_t value,
							     unsigned int base, unsigned int digits)
{
	char text[32];
	size_t at = sizeof(text);

	do {
		text[--at] = hex_digits[value % base];
		value /= base;
	} while (value);
	while (sizeof(text) - at < digits && at)
		text[--at] = '0';
	put_bytes(writer, text + at, sizeof(text) - at);
}

void put_unsigned(struct writer *writer, uint64_t value)
{
	put_number(writer, value, 10, 1);
}

void put_signed(struct writer *writer, int64_t value)
{
	if (value < 0)
		put_char(writer, '-');
	put_unsigned(writer, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void put_padded(struct writer *writer, uint64_t value, unsigned int digits)
{
	put_number(writer, value, 10, digits);
}

void put_hex(struct writer *writer, uint64_t value, unsigned int digits)
{
	put_string(writer, "0x");
	put_number(writer, value, 16, digits);
}

void put_hex_bytes(struct writer *writer, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put_number(writer, bytes[i], 16, 2);
}

void put_duration(struct writer *writer, uint64_t milliseconds)
{
	uint64_t seconds = milliseconds / 1000;

	if (seconds < 60) {
		put_unsigned(writer, seconds);
		put_char(writer, '.');
		put_unsigned(writer, milliseconds % 1000 / 100);
		put_char(writer, 's');
		return;
	}
	uint64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
	if (days) {
		put_unsigned(writer, days);
		put_char(writer, 'd');
	}
	if (hours) {
		put_padded(writer, hours % 24, days ? 2 : 1);
		put_char(writer, 'h');
	}
	put_padded(writer, minutes % 60, hours ? 2 : 1);
	put_char(writer, 'm');
	put_padded(writer, seconds % 60, 2);
	put_char(writer, 's');
}

static void put_byte_escaped(struct writer *writer, uint8_t byte)
{
	switch (byte) {
	case '\n':
		put_string(writer, "\\n");
		break;
	case '\t':
		put_string(writer, "\\t");
		break;
	case '\\':
	case '"':
		put_char(writer, '\\');
		put_char(writer, (char)byte);
		break;
	default:
		put_string(writer, "\\x");
		put_number(writer, byte, 16, 2);
	}
}

static void put_all(struct writer *writer, const char *text, size_t size, bool quoted)
{
	const uint8_t *bytes = (const uint8_t *)text;

	for (size_t at = 0; at < size;) {
		uint32_t character = 0;
		size_t length = utf8_decode(bytes + at, size - at, &character);

		if (length && !utf8_is_invisible(character) && character != '\\' &&
		    !(quoted && character == '"')) {
			writer_put(writer, bytes + at, length);
			at += length;
			continue;
		}
		for (size_t end = at + (length ? length : 1); at < end; at++)
			put_byte_escaped(writer, bytes[at]);
	}
}

void put_escaped(struct writer *writer, const char *bytes, size_t size)
{
	put_all(writer, bytes, size, false);
}

/* True if a character has a meaning of its own in a line, or the text is empty. */
static bool needs_quotes(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] == ' ' || bytes[i] == '"' || bytes[i] == ',' || bytes[i] == '(' ||
		    bytes[i] == ')' || bytes[i] == ';')
			return true;
	return size == 0;
}

void put_quoted(struct writer *writer, const char *bytes, size_t size)
{
	put_char(writer, '"');
	put_all(writer, bytes, size, true);
	put_char(writer, '"');
}

void put_word(struct writer *writer, const char *bytes, size_t size)
{
	if (needs_quotes(bytes, size))
		put_quoted(writer, bytes, size);
	else
		put_all(writer, bytes, size, false);
}
