// SPDX-License-Identifier: MIT
/*
 * Searches the data of a loaded module for something that has no symbol, by its contents.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module_data {
	uintptr_t symbol;     /* an address in the module */
	uintptr_t start, end; /* of its segments; found */
	size_t size;          /* of what is searched for */
	/* Called for each place in the writable segments, aligned to a word, with room for size
	 * bytes. */
	void (*look)(struct module_data *data, uintptr_t place);
};

static inline bool module_data_has(const struct module_data *data, uintptr_t address)
{
	return address >= data->start && address < data->end;
}

/* Calls the loader, which may take its lock. */
void module_data_search(struct module_data *data);
