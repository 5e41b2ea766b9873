// SPDX-License-Identifier: MIT
/*
 * The search in lists of functions and other ranges that are sorted by where they start.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The number of items that start at address or before it, so that the last of these is the one
 * before the number that is returned. items: count structures of size bytes, sorted by their first
 * member, a uint64_t. */
static inline size_t starts_until(const void *items, size_t count, size_t size, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t start;

		memcpy(&start, (const char *)items + middle * size, sizeof(start));
		if (start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
