// SPDX-License-Identifier: MIT
/*
 * Where the functions of a module begin and end, by its table of unwind data (.eh_frame_hdr; Linux
 * Standard Base, 10.6.2): also of those that have no symbol.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/capture/local_memory.h"

struct function_table {
	const unsigned char *table;
	uint32_t count; /* of functions, in the order of their addresses */
};

/* False: the module has no such table, or one that isn't as linkers write it. It is valid as long
 * as the module is loaded. */
bool function_table_of(const struct object *object, struct function_table *table);

/* The address of a function, by its number. */
uintptr_t function_start(const struct function_table *table, uint32_t number);

/* Where a function ends, by its number. */
uintptr_t function_end(const struct function_table *table, uint32_t number);

/* Finds the function that pc lies in; false: there is none. */
bool function_around(const struct function_table *table, uintptr_t pc, uintptr_t *start,
		     uintptr_t *end);
