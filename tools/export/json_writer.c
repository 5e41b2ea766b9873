// SPDX-License-Identifier: MIT
/* See json_writer.h. */
#include "json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "preload/core/base/utf8.h"
#include "tools/model/model.h"

/* Writes a character that must be escaped in a string. */
static void put_escaped(FILE *file, uint32_t character)
{
	if (character == '"' || character == '\\')
		fprintf(file, "\\%c", (char)character);
	else if (character == '\n' || character == '\t')
		fputs(character == '\n' ? "\\n" : "\\t", file);
	else if (character < 0x10000)
		fprintf(file, "\\u%04" PRIx32, character);
	else /* RFC 8259, 7: beyond the BMP as a pair of UTF-16 surrogates */
		fprintf(file, "\\u%04" PRIx32 "\\u%04" PRIx32,
			0xd800 + ((character - 0x10000) >> 10), 0xdc00 + (character & 0x3ff));
}

static bool is_escaped(const struct json_writer *json, uint32_t character)
{
	return character == '"' || character == '\\' || utf8_is_invisible(character) ||
	       (json->in_html && (character == '<' || character == '>' || character == '&'));
}

/* Writes a string in double quotes. Returns false when some bytes were not UTF-8. */
static bool put_quoted(const struct json_writer *json, const char *text)
{
	FILE *file = json->file;
	const uint8_t *bytes = (const uint8_t *)text, *end = bytes + strlen(text);
	const uint8_t *written =
		bytes; /* bytes before this are written; the rest is written in one piece */
	bool valid = true;

	putc_unlocked('"', file);
	while (bytes < end) {
		uint32_t character = 0;
		size_t length = utf8_decode(bytes, (size_t)(end - bytes), &character);

		if (length && !is_escaped(json, character)) {
			bytes += length;
			continue;
		}
		fwrite_unlocked(written, 1, (size_t)(bytes - written), file);
		if (length) {
			put_escaped(file, character);
		} else {
			fputs("\xef\xbf\xbd", file); /* U+FFFD */
			valid = false;
		}
		bytes += length ? length : 1;
		written = bytes;
	}
	fwrite_unlocked(written, 1, (size_t)(bytes - written), file);
	putc_unlocked('"', file);
	return valid;
}

/* Writes the comma and the key before a value. */
static void begin_value(struct json_writer *json, const char *key)
{
	if (json->follows)
		putc_unlocked(',', json->file);
	json->follows = true;
	if (key) {
		put_quoted(json, key);
		putc_unlocked(':', json->file);
	}
}

static void begin(struct json_writer *json, const char *key, char bracket)
{
	begin_value(json, key);
	putc_unlocked(bracket, json->file);
	json->follows = false;
}

static void end(struct json_writer *json, char bracket)
{
	putc_unlocked(bracket, json->file);
	json->follows = true;
}

void json_begin_object(struct json_writer *json, const char *key)
{
	begin(json, key, '{');
}

void json_end_object(struct json_writer *json)
{
	end(json, '}');
}

void json_begin_array(struct json_writer *json, const char *key)
{
	begin(json, key, '[');
}

void json_end_array(struct json_writer *json)
{
	end(json, ']');
}

void json_bool(struct json_writer *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->file);
}

void json_integer(struct json_writer *json, const char *key, int64_t value)
{
	begin_value(json, key);
	fprintf(json->file, "%" PRId64, value);
}

void json_seconds(struct json_writer *json, const char *key, double value)
{
	begin_value(json, key);
	if (isfinite(value))
		fprintf(json->file, "%.1f", value);
	else
		fputs("null", json->file);
}

void json_address(struct json_writer *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->file, "\"0x%" PRIx64 "\"", value);
}

void json_string(struct json_writer *json, const char *key, const char *value)
{
	begin_value(json, key);
	if (put_quoted(json, value) || !key)
		return;
	putc_unlocked(',', json->file);
	fprintf(json->file, "\"%s_hex\":\"",
		key); /* keys need no escaping: they are our own words */
	for (const uint8_t *byte = (const uint8_t *)value; *byte; byte++)
		fprintf(json->file, "%02x", *byte);
	putc_unlocked('"', json->file);
}

void json_string_if_known(struct json_writer *json, const char *key, const char *value)
{
	if (value)
		json_string(json, key, value);
}

void json_integer_if_known(struct json_writer *json, const char *key, int64_t value)
{
	if (value != MODEL_UNKNOWN)
		json_integer(json, key, value);
}

void json_seconds_if_known(struct json_writer *json, const char *key, double value)
{
	if (value >= 0)
		json_seconds(json, key, value);
}

void json_true_if(struct json_writer *json, const char *key, bool value)
{
	if (value)
		json_bool(json, key, true);
}

void json_end_document(struct json_writer *json)
{
	putc_unlocked('\n', json->file);
	json->follows = false;
}
