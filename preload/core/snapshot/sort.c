// SPDX-License-Identifier: MIT
/* See sort.h. Heap sort, because its worst case is its usual case, and it needs no memory. */
#include "sort.h"

/* Moves item down from place at until neither child belongs after it. */
static void sift(void **items, size_t at, size_t count, void *item, sort_compare *compare)
{
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && compare(items[child], items[child + 1]) < 0)
			child++;
		if (compare(item, items[child]) >= 0)
			break;
		items[at] = items[child];
	}
	items[at] = item;
}

static int is_sorted(void **items, size_t count, sort_compare *compare)
{
	for (size_t i = 1; i < count; i++)
		if (compare(items[i - 1], items[i]) > 0)
			return 0;
	return 1;
}

void sort_pointers(void **items, size_t count, sort_compare *compare)
{
	if (count < 2 || is_sorted(items, count, compare))
		return;
	for (size_t at = count / 2; at-- > 0;)
		sift(items, at, count, items[at], compare);
	for (size_t end = count - 1; end > 0; end--) {
		void *last = items[end];

		items[end] = items[0];
		sift(items, 0, end, last, compare);
	}
}
