// SPDX-License-Identifier: MIT
/* See sparkline.h. */
#include "sparkline.h"

#include <string.h>

static const char *const blocks_of[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const digits_of[] = {"1", "2", "3", "4", "5", "6", "7", "8"};
enum { LEVELS = sizeof(blocks_of) / sizeof(*blocks_of) };

_Static_assert(sizeof(digits_of) == sizeof(blocks_of), "both have all levels");

int sparkline(const int64_t *values, size_t count, int columns, bool blocks,
	      char text[SPARKLINE_SIZE])
{
	size_t most = columns > SPARKLINE_MAX ? SPARKLINE_MAX : columns < 0 ? 0 : (size_t)columns;
	const char *const *marks = blocks ? blocks_of : digits_of;
	int64_t least = INT64_MAX, greatest = INT64_MIN;
	char *to = text;

	*to = '\0';
	if (count > most) {
		values += count - most;
		count = most;
	}
	for (size_t i = 0; i < count; i++) {
		least = values[i] < least ? values[i] : least;
		greatest = values[i] > greatest ? values[i] : greatest;
	}
	for (size_t i = 0; i < count; i++) {
		/* As doubles, because counts from a text may be anything. */
		double height = (double)greatest - (double)least;
		int level = height > 0 ? (int)(((double)values[i] - (double)least) / height *
						       (LEVELS - 1) +
					       0.5)
				       : 0;

		to = stpcpy(to, marks[level]);
	}
	return (int)count;
}
