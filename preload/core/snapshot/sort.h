// SPDX-License-Identifier: MIT
/*
 * Sorts in place; qsort(3) may allocate. The sort isn't stable, so a comparison must break every
 * tie that matters. Used for descriptors, groups and frames. Async-signal-safe.
 */
#pragma once

#include <stddef.h>

/* Returns negative, zero or positive if a comes before, with or after b. */
typedef int sort_compare(const void *a, const void *b);

/* Sorts count pointers; compare gets two of them. Worst case count * log(count), no memory. */
void sort_pointers(void **items, size_t count, sort_compare *compare);
