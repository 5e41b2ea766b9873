// SPDX-License-Identifier: MIT
/*
 * See source_map.h. Of the JSON only four members of the outer object are wanted, so this is a
 * scanner and no parser: it checks that strings and brackets end, and not that commas are at the
 * right places.
 */
#include "source_map.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES_MAX = 100000, LINES_MAX = 10 * 1000 * 1000 };

/* A line of the generated file. */
struct origin {
	int32_t source; /* a number; -1: none, or several */
	int32_t line;   /* from 0 on */
};

struct source_map {
	char *root;
	char **sources;
	size_t source_count;
	struct origin *origins;
	size_t line_count;
};

struct json {
	const char *at, *end;
};

static void skip_blanks(struct json *json)
{
	while (json->at < json->end && strchr(" \t\r\n,:", *json->at) && *json->at)
		json->at++;
}

static int hex_of(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit ? strchr(digits, digit | 0x20) : NULL;

	return found && (digit | 0x20) == *found ? (int)(found - digits) : -1;
}

/* Writes a character as UTF-8; halves of a pair are written as they are. */
static char *put_utf8(char *to, unsigned int c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* Takes a string, which begins here, to be freed. NULL: it has no end, or no memory. No escape
 * grows when it is undone. */
static char *take_string(struct json *json)
{
	static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *at = json->at + 1, *end = at;

	while (end < json->end && *end != '"')
		end += *end == '\\' ? 2 : 1;
	if (end >= json->end)
		return NULL;
	char *text = malloc((size_t)(end - at) + 1), *to = text;
	if (!text)
		return NULL;
	while (at < end) {
		if (*at != '\\') {
			*to++ = *at++;
			continue;
		}
		const char *letter = at[1] ? strchr(letters, at[1]) : NULL;
		unsigned int c = 0;
		int digits = 0;

		for (; at[1] == 'u' && digits < 4 && end - at > 2 + digits; digits++) {
			int digit = hex_of(at[2 + digits]);

			if (digit < 0)
				break;
			c = c << 4 | (unsigned int)digit;
		}
		if (digits == 4) {
			to = c ? put_utf8(to, c) : to;
			at += 6;
		} else {
			*to++ = (char)(letter ? meant[letter - letters] : at[1]);
			at += 2;
		}
	}
	*to = '\0';
	json->at = end + 1;
	return text;
}

/* Skips a value. False: it has no end. */
static bool skip_value(struct json *json)
{
	int depth = 0;

	do {
		skip_blanks(json);
		if (json->at >= json->end)
			return false;
		if (*json->at == '"') {
			char *text = take_string(json);

			if (!text)
				return false;
			free(text);
			continue;
		}
		if (*json->at == '{' || *json->at == '[') {
			depth++;
		} else if (*json->at == '}' || *json->at == ']') {
			depth--;
		} else {
			do
				json->at++;
			while (json->at < json->end && !strchr(" \t\r\n,:]}", *json->at));
			continue;
		}
		json->at++;
	} while (depth > 0);
	return depth == 0;
}

static bool take_sources(struct json *json, struct source_map *map)
{
	size_t room = 0;

	if (json->at >= json->end || *json->at != '[' || map->sources)
		return false;
	json->at++;
	for (;;) {
		skip_blanks(json);
		if (json->at >= json->end)
			return false;
		if (*json->at == ']')
			break;
		if (map->source_count == room) {
			room = 2 * room + 8;
			char **grown = reallocarray(map->sources, room, sizeof(*grown));

			if (!grown || room > SOURCES_MAX)
				return false;
			map->sources = grown;
		}
		/* null: a source without a name. */
		char *name = *json->at == '"'   ? take_string(json)
			     : skip_value(json) ? strdup("")
						: NULL;
		if (!name)
			return false;
		map->sources[map->source_count++] = name;
	}
	json->at++;
	return true;
}

static int base64_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Takes a number of the mappings: base64 digits of five bits, the lowest first; a sixth says that
 * there are more, and the lowest bit of the number is its sign. */
static bool take_number(const char **at, int64_t *number)
{
	uint64_t value = 0;
	int digit, shift = 0;

	do {
		digit = base64_of(**at);
		if (digit < 0 || shift > 30)
			return false;
		(*at)++;
		value |= (uint64_t)(digit & 31) << shift;
		shift += 5;
	} while (digit & 32);
	*number = value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
	return true;
}

/* Takes the lines of the mappings apart: lines end with ';', segments with ','. A segment is one
 * number, the column, and perhaps three more: source, line and column, as differences. */
static bool take_mappings(struct source_map *map, const char *text)
{
	struct origin none = {.source = -1, .line = -1}, *origin;
	int64_t source = 0, line = 0, number;
	size_t lines = 1;

	for (const char *at = text; *at; at++)
		lines += *at == ';';
	if (lines > LINES_MAX || !(map->origins = calloc(lines, sizeof(*map->origins))))
		return false;
	map->line_count = lines;
	for (size_t i = 0; i < lines; i++)
		map->origins[i] = none;
	origin = map->origins;
	for (const char *at = text; *at;) {
		if (*at == ';' || *at == ',') {
			origin += *at++ == ';';
			continue;
		}
		int64_t numbers[5] = {0};
		int count = 0;

		while (*at && *at != ';' && *at != ',') {
			if (count == 5 || !take_number(&at, &number))
				return false;
			numbers[count++] = number;
		}
		if (count < 4)
			continue;
		source += numbers[1];
		line += numbers[2];
		if (source < 0 || source > SOURCES_MAX || line < 0 || line > INT32_MAX - 1)
			return false;
		/* line -2: there are several. */
		if (origin->line == -1)
			*origin = (struct origin){(int32_t)source, (int32_t)line};
		else if (origin->source != source || origin->line != line)
			*origin = (struct origin){-1, -2};
	}
	return true;
}

static bool read_members(struct json *json, struct source_map *map)
{
	char *mappings = NULL, *key = NULL;
	bool version = false, good = false;

	skip_blanks(json);
	if (json->at >= json->end || *json->at++ != '{')
		return false;
	for (;;) {
		skip_blanks(json);
		if (json->at >= json->end)
			break;
		if (*json->at == '}') {
			good = version && mappings && map->sources && take_mappings(map, mappings);
			break;
		}
		free(key);
		key = *json->at == '"' ? take_string(json) : NULL;
		skip_blanks(json);
		if (!key || json->at >= json->end)
			break;
		bool text = *json->at == '"';

		if (strcmp(key, "version") == 0 && *json->at == '3') {
			version = true;
			json->at++;
		} else if (strcmp(key, "mappings") == 0 && text && !mappings) {
			if (!(mappings = take_string(json)))
				break;
		} else if (strcmp(key, "sourceRoot") == 0 && text && !map->root) {
			if (!(map->root = take_string(json)))
				break;
		} else if (strcmp(key, "sources") == 0) {
			if (!take_sources(json, map))
				break;
		} else if (strcmp(key, "sections") == 0 || !skip_value(json)) {
			break;
		}
	}
	free(key);
	free(mappings);
	return good;
}

struct source_map *source_map_read(const char *text, size_t size)
{
	struct source_map *map = calloc(1, sizeof(*map));
	struct json json = {.at = text, .end = text + size};

	if (map && !read_members(&json, map)) {
		source_map_destroy(map);
		return NULL;
	}
	return map;
}

void source_map_destroy(struct source_map *map)
{
	if (!map)
		return;
	for (size_t i = 0; i < map->source_count; i++)
		free(map->sources[i]);
	free(map->sources);
	free(map->origins);
	free(map->root);
	free(map);
}

int source_map_line(const struct source_map *map, int generated, const char **source)
{
	if (generated < 1 || (size_t)generated > map->line_count)
		return 0;
	const struct origin *origin = &map->origins[generated - 1];
	if (origin->source < 0 || (size_t)origin->source >= map->source_count ||
	    !*map->sources[origin->source])
		return 0;
	*source = map->sources[origin->source];
	return origin->line + 1;
}

const char *source_map_root(const struct source_map *map)
{
	return map->root ? map->root : "";
}

char *source_map_inline(const char *url, size_t length, size_t *size)
{
	static const char mark[] = ";base64,";
	const char *end = url + length, *data = memmem(url, length, mark, sizeof(mark) - 1);
	unsigned int bits = 0, have = 0;

	if (length < 5 || memcmp(url, "data:", 5) != 0 || !data)
		return NULL;
	char *text = malloc(length + 1), *to = text;
	if (!text)
		return NULL;
	for (data += sizeof(mark) - 1; data < end && base64_of(*data) >= 0; data++) {
		bits = bits << 6 | (unsigned int)base64_of(*data);
		have += 6;
		if (have >= 8) {
			have -= 8;
			*to++ = (char)(bits >> have);
		}
	}
	*size = (size_t)(to - text);
	return text;
}
