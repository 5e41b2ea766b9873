// SPDX-License-Identifier: MIT
/*
 * Sorting in place: qsort may allocate. Not stable; an order that matters names every tie-break.
 * Used for descriptors, groups and frames.
 */
#pragma once

#include <stddef.h>

/* Negative, zero or positive as a belongs before, beside or after b. */
typedef int sort_compare(const void *a, const void *b);

/* Sorts count pointers by what they point to. Worst case count * log(count), no memory. */
void sort_pointers(void **items, size_t count, sort_compare *compare);
