// SPDX-License-Identifier: MIT
/* A row of numbers as a small picture in a line of text: a leak is a staircase, a pool a block. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SPARKLINE_MAX = 64,
	SPARKLINE_SIZE = 3 * SPARKLINE_MAX + 1, /* a block takes three bytes of UTF-8 */
};

/* Writes a mark for each of the last columns values, at most SPARKLINE_MAX, and returns their
 * number. The lowest mark is the least value, the highest one the greatest; if all are the same,
 * all marks are the lowest. blocks: Unicode's block elements; else digits from 1 to 8. */
int sparkline(const int64_t *values, size_t count, int columns, bool blocks,
	      char text[SPARKLINE_SIZE]);
