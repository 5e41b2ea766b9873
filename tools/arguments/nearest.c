// SPDX-License-Identifier: MIT
/* See nearest.h. The distance of two words is the number of letters to insert, delete or
 * replace. */
#include "nearest.h"

#include <string.h>

enum { WORD_MAX = 32 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], a_length = strlen(a), b_length = strlen(b);

	if (a_length > WORD_MAX || b_length > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t replaced = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_length];
}

const char *nearest(const char *typed, const char *(*name_of)(size_t index), size_t count)
{
	const char *best = NULL;
	size_t best_distance = strlen(typed) / 2 + 1;

	for (size_t i = 0; i < count; i++) {
		size_t d = distance(typed, name_of(i));

		if (d < best_distance) {
			best = name_of(i);
			best_distance = d;
		}
	}
	return best;
}

bool nearest_say(FILE *file, const char *typed, const char *(*name_of)(size_t index), size_t count)
{
	const char *near = nearest(typed, name_of, count);

	if (near)
		fprintf(file, "; did you mean '%s'? ", near);
	else
		fputs("; ", file);
	return near;
}

char *nearest_list(const char *(*name_of)(size_t index), size_t count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < count; i++)
		fprintf(out, "%s%s%s",
			i == 0          ? ""
			: i + 1 < count ? ", "
					: " or ",
			name_of(i), i == 0 ? " (the default)" : "");
	if (out)
		fclose(out);
	return text;
}
