// SPDX-License-Identifier: MIT
/*
 * Writes JSON (RFC 8259) on one line, without building anything in memory. The output is always
 * valid UTF-8 that any parser accepts:
 *
 * - A byte of a string that is not valid UTF-8 becomes U+FFFD. To lose no byte, a member with such
 *   a string is followed by one called NAME_hex, with all its bytes as pairs of hexadecimal digits.
 *   (Lone surrogates, \udcXX, would be shorter, but many parsers refuse them.)
 *
 * - Control characters, and characters that are invisible or change the direction of writing, are
 *   written as \uXXXX: a name drives no terminal in JSON either.
 *
 * - Numbers beyond 2^53 are not exact everywhere, so addresses are strings: "0x7f...".
 *
 * The key is NULL in arrays, and for the outermost value. Errors are those of the stream:
 * ferror(3).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json_writer {
	FILE *file;
	bool follows; /* the next value needs a comma before it */
	bool in_html; /* also escape < > &, so that no string ends a <script> */
};

void json_begin_object(struct json_writer *json, const char *key);
void json_end_object(struct json_writer *json);
void json_begin_array(struct json_writer *json, const char *key);
void json_end_array(struct json_writer *json);

void json_bool(struct json_writer *json, const char *key, bool value);
void json_integer(struct json_writer *json, const char *key, int64_t value);
/* In tenths, as in snapshots; null if value is not finite. */
void json_seconds(struct json_writer *json, const char *key, double value);
void json_address(struct json_writer *json, const char *key, uint64_t value);
/* value is not NULL. */
void json_string(struct json_writer *json, const char *key, const char *value);

/* Writes a member, unless value is the model's "not known": NULL, MODEL_UNKNOWN, negative,
 * false. */
void json_string_if_known(struct json_writer *json, const char *key, const char *value);
void json_integer_if_known(struct json_writer *json, const char *key, int64_t value);
void json_seconds_if_known(struct json_writer *json, const char *key, double value);
void json_true_if(struct json_writer *json, const char *key, bool value);

/* Ends a document: a new line. The next value begins another one. */
void json_end_document(struct json_writer *json);
