// SPDX-License-Identifier: MIT
/* See ip_address.h. */
#include "ip_address.h"

#include <string.h>

bool ipv4_parse(const char *text, size_t length, uint8_t bytes[4])
{
	size_t at = 0;

	for (int part = 0; part < 4; part++) {
		size_t start = at;
		unsigned int value = 0;

		for (; at < length && text[at] >= '0' && text[at] <= '9' && at - start < 4; at++)
			value = value * 10 + (unsigned int)(text[at] - '0');
		if (at == start || value > 255 || (text[start] == '0' && at - start > 1))
			return false;
		bytes[part] = (uint8_t)value;
		if (part < 3 && (at == length || text[at++] != '.'))
			return false;
	}
	return at == length;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* Parses the groups between colons. *count: the bytes that were stored; *gap: how many of them
 * stand before "::", or -1. */
static bool parse_groups(const char *text, size_t length, uint8_t bytes[16], int *count, int *gap)
{
	size_t at = length && text[0] == ':';

	if (at && (length < 2 || text[1] != ':'))
		return false;
	while (at < length) {
		size_t start = at;
		unsigned int value = 0;

		if (text[at] == ':') {
			if (*gap >= 0)
				return false;
			*gap = *count;
			at++;
			continue;
		}
		for (; at < length && hex_value(text[at]) >= 0 && at - start < 4; at++)
			value = value * 16 + (unsigned int)hex_value(text[at]);
		if (at < length && text[at] == '.') {
			if (*count > 12 ||
			    !ipv4_parse(text + start, length - start, bytes + *count))
				return false;
			*count += 4;
			return true;
		}
		if (at == start || *count > 14)
			return false;
		bytes[(*count)++] = (uint8_t)(value >> 8);
		bytes[(*count)++] = (uint8_t)value;
		/* A colon stands before another group, or is the first one of "::". */
		if (at < length && (text[at++] != ':' || at == length))
			return false;
	}
	return true;
}

bool ipv6_parse(const char *text, size_t length, uint8_t bytes[16])
{
	int count = 0, gap = -1;

	memset(bytes, 0, 16);
	if (!parse_groups(text, length, bytes, &count, &gap))
		return false;
	if (gap < 0)
		return count == 16;
	if (count > 14)
		return false;
	memmove(bytes + 16 - (count - gap), bytes + gap, (size_t)(count - gap));
	memset(bytes + gap, 0, (size_t)(16 - count));
	return true;
}
