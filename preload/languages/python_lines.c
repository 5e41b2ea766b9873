// SPDX-License-Identifier: MIT
/*
 * Tables that map instructions to lines. Each is a list of entries for consecutive ranges of the
 * code, with the lines as differences. Sources: CPython's Objects/lnotab_notes.txt (to 3.9),
 * PEP 626 (3.10), Objects/locations.md (3.11 on).
 */
#include "python_internal.h"

/* Pairs of bytes: how many bytes of code further, and how many lines further from there. */
static int64_t lnotab(const uint8_t *data, size_t size, int64_t line, uint32_t offset)
{
	uint32_t at = 0;

	for (size_t i = 0; i + 1 < size; i += 2) {
		at += data[i];
		if (at > offset)
			break;
		line += (int8_t)data[i + 1];
	}
	return line;
}

/* Pairs of bytes: the line's difference, which holds for the next so many bytes of code. -128:
 * these have no line. */
static int64_t linetable(const uint8_t *data, size_t size, int64_t line, uint32_t offset)
{
	enum { NO_LINE = -128 };
	uint32_t at = 0;

	for (size_t i = 0; i + 1 < size; i += 2) {
		int8_t step = (int8_t)data[i + 1];

		at += data[i];
		if (step != NO_LINE)
			line += step;
		if (at > offset)
			return step == NO_LINE ? 0 : line;
	}
	return 0;
}

/* A number in groups of six bits, the lowest first; bit 6 says that more follow. Advances *at. */
static uint64_t varint(const uint8_t *data, size_t size, size_t *at)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; *at < size; shift += 6) {
		uint8_t byte = data[(*at)++];

		if (shift < 60)
			value |= (uint64_t)(byte & 63) << shift;
		if (!(byte & 64))
			break;
	}
	return value;
}

/* Entries that begin with a byte whose bit 7 is set: four bits of a code, and three of a length in
 * instructions of two bytes. Other bytes have bit 7 clear, so an entry can be skipped. */
static int64_t locations(const uint8_t *data, size_t size, int64_t line, uint32_t offset)
{
	enum { ONE_LINE = 10, NO_COLUMNS = 13, LONG = 14, NO_LOCATION = 15 };
	uint64_t end = 0;

	for (size_t at = 0; at < size;) {
		uint8_t head = data[at++];
		unsigned int code = head >> 3 & 15;
		bool known = code != NO_LOCATION;

		if (!(head & 128))
			return 0;
		if (code == NO_COLUMNS || code == LONG) {
			/* The sign is the lowest bit. */
			uint64_t step = varint(data, size, &at);

			line += step & 1 ? -(int64_t)(step >> 1) : (int64_t)(step >> 1);
		} else if (code >= ONE_LINE && known) {
			line += code - ONE_LINE;
		}
		end += ((head & 7) + 1) * 2;
		if (end > offset)
			return known ? line : 0;
		while (at < size && !(data[at] & 128))
			at++;
	}
	return 0;
}

uint32_t python_line(enum python_lines form, const uint8_t *data, size_t size, uint32_t first,
		     uint32_t offset)
{
	int64_t line = 0;

	switch (form) {
	case PYTHON_LNOTAB:
		line = lnotab(data, size, first, offset);
		break;
	case PYTHON_LINETABLE:
		line = linetable(data, size, first, offset);
		break;
	case PYTHON_LOCATIONS:
		line = locations(data, size, first, offset);
		break;
	}
	return line > 0 && line <= INT32_MAX ? (uint32_t)line : 0;
}
