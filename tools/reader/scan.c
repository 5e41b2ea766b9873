// SPDX-License-Identifier: MIT
/* See scan.h. */
#include "scan.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, or -1. */
static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool span_is(struct span span, const char *words)
{
	size_t length = strlen(words);

	return span_length(span) == length && memcmp(span.begin, words, length) == 0;
}

bool scan_at_end(const struct scan *scan)
{
	return scan->at == scan->end;
}

bool scan_words(struct scan *scan, const char *words)
{
	size_t length = strlen(words);

	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, words, length) != 0)
		return false;
	scan->at += length;
	return true;
}

bool scan_number(struct scan *scan, int64_t *number)
{
	int64_t value = 0;
	const char *at = scan->at;

	for (; at < scan->end && is_digit(*at); at++)
		value = value > (INT64_MAX - (*at - '0')) / 10 ? INT64_MAX
							       : value * 10 + (*at - '0');
	if (at == scan->at)
		return false;
	scan->at = at;
	*number = value;
	return true;
}

bool scan_address(struct scan *scan, uint64_t *address)
{
	uint64_t value = 0;
	const char *at = scan->at, *first;

	if (scan->end - at < 3 || at[0] != '0' || at[1] != 'x')
		return false;
	for (first = at += 2; at < scan->end && hex_value(*at) >= 0; at++)
		value = value << 4 | (uint64_t)hex_value(*at);
	if (at == first || at - first > 16)
		return false;
	scan->at = at;
	*address = value;
	return true;
}

bool scan_duration(struct scan *scan, double *seconds)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
	struct scan rest = *scan;
	double sum = 0;
	int64_t number;

	if (!scan_number(&rest, &number))
		return false;
	if (rest.end - rest.at >= 3 && rest.at[0] == '.' && is_digit(rest.at[1]) &&
	    rest.at[2] == 's') {
		*seconds = ((double)number * 10 + (rest.at[1] - '0')) / 10;
		scan->at = rest.at + 3;
		return true;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units) && !scan_at_end(&rest); i++) {
		if (*rest.at != units[i].unit)
			continue;
		rest.at++;
		sum += (double)number * (double)units[i].seconds;
		if (units[i].unit == 's') {
			*seconds = sum;
			*scan = rest;
			return true;
		}
		if (!scan_number(&rest, &number))
			return false;
	}
	return false;
}

/* The position after the closing quotation mark of the quoted text at at; end if it is not
 * closed. */
static const char *after_quoted(const char *at, const char *end)
{
	for (at++; at < end; at++) {
		if (*at == '\\' && at + 1 < end)
			at++;
		else if (*at == '"')
			return at + 1;
	}
	return end;
}

bool scan_word(struct scan *scan, struct span *word)
{
	const char *at = scan->at;

	if (at == scan->end)
		return false;
	if (*at == '"')
		at = after_quoted(at, scan->end);
	else
		while (at < scan->end && *at != ' ' && *at != ',' && *at != ')')
			at++;
	if (at == scan->at)
		return false;
	*word = (struct span){scan->at, at};
	scan->at = at;
	return true;
}

bool scan_detail(struct scan *scan, struct span *detail)
{
	const char *at = scan->at;

	if (at == scan->end)
		return false;
	while (at < scan->end) {
		if (*at == '"') {
			at = after_quoted(at, scan->end);
			continue;
		}
		if (*at == ',' && at + 1 < scan->end && at[1] == ' ')
			break;
		at++;
	}
	*detail = (struct span){scan->at, at};
	scan->at = at < scan->end ? at + 2 : at;
	return true;
}

/* Decodes the escape at at into *byte. Returns its length; 0 if it is not an escape. */
static size_t unescape_one(const char *at, const char *end, char *byte)
{
	if (end - at < 2 || at[0] != '\\')
		return 0;
	switch (at[1]) {
	case 'n':
		*byte = '\n';
		return 2;
	case 't':
		*byte = '\t';
		return 2;
	case '\\':
	case '"':
		*byte = at[1];
		return 2;
	case 'x':
		if (end - at < 4 || hex_value(at[2]) < 0 || hex_value(at[3]) < 0)
			return 0;
		*byte = (char)(hex_value(at[2]) << 4 | hex_value(at[3]));
		return 4;
	default:
		return 0;
	}
}

char *span_unescape(struct span span, struct obstack *memory)
{
	if (!memchr(span.begin, '\\', span_length(span)))
		return obstack_copy0(memory, span.begin, span_length(span));
	for (const char *at = span.begin; at < span.end;) {
		char byte = *at;
		size_t length = unescape_one(at, span.end, &byte);

		if (length && !byte)
			break;
		obstack_1grow(memory, byte);
		at += length ? length : 1;
	}
	obstack_1grow(memory, '\0');
	return obstack_finish(memory);
}

char *span_unquote(struct span word, struct obstack *memory)
{
	if (span_length(word) && *word.begin == '"') {
		word.begin++;
		/* A truncated word has no closing quote. */
		if (span_length(word) && word.end[-1] == '"')
			word.end--;
	}
	return span_unescape(word, memory);
}
