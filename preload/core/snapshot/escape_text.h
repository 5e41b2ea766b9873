// SPDX-License-Identifier: MIT
/*
 * The lexical rules of the text: numbers, times, and words from outside. All text from programs and
 * file names is escaped here, so that it can't control a terminal, can't fake a line, and can be
 * read back byte for byte (README.md, "Words"). Every part that writes text uses these functions.
 * They are async-signal-safe.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "writer.h"

/* fdtrail's own words, unchanged. */
void put_string(struct writer *writer, const char *string);
void put_char(struct writer *writer, char character);

/* Numbers: decimal, decimal with at least digits digits, 0x and lower-case hexadecimal with at
 * least digits digits, bytes as pairs of hexadecimal digits. */
void put_unsigned(struct writer *writer, uint64_t value);
void put_signed(struct writer *writer, int64_t value);
void put_padded(struct writer *writer, uint64_t value, unsigned int digits);
void put_hex(struct writer *writer, uint64_t value, unsigned int digits);
void put_hex_bytes(struct writer *writer, const uint8_t *bytes, size_t size);

/* A length of time: "0.3s", "12.1s", "4m02s", "2h04m02s", "3d02h04m02s". */
void put_duration(struct writer *writer, uint64_t milliseconds);

/* Text from outside, to the end of a line: escaped. */
void put_escaped(struct writer *writer, const char *bytes, size_t size);

/* Text from outside, inside a line: escaped, and in double quotes unless it is one word without. */
void put_word(struct writer *writer, const char *bytes, size_t size);
/* The same, but always in quotes. */
void put_quoted(struct writer *writer, const char *bytes, size_t size);
