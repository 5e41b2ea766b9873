// SPDX-License-Identifier: MIT
/*
 * The functions of a module, also those without a symbol, by its table of unwind data
 * (.eh_frame_hdr; Linux Standard Base, 10.6.2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/loaded_symbol.h"
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

/* The address behind a function, by its number. */
uintptr_t function_end(const struct function_table *table, uint32_t number);

/* Finds the function that pc lies in, with the size of its code. False, and function is unchanged:
 * there is none. As local_memory's find. */
bool function_around(uintptr_t pc, struct loaded_symbol *function);
