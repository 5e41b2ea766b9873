// SPDX-License-Identifier: MIT
/*
 * See function_table.h. The table is: four bytes that say how the rest is written, the place of
 * .eh_frame, the number of entries, and for each the places of a function and of its description,
 * counted from the table. A description is: its length, the place of its common part, the
 * function's start, its size.
 */
#include "function_table.h"

#include <stddef.h>
#include <string.h>

enum {
	ENCODINGS =
		0x3b031b01, /* version 1; sdata4 from the place, udata4, sdata4 from the table */
	COUNT = 8,
	ENTRIES = 12,
	ENTRY_SIZE = 8,
	DESCRIPTION = 4, /* in an entry */
	SIZE = 12,       /* in a description */
};

bool function_table_of(const struct object *object, struct function_table *table)
{
	uint32_t encodings;

	table->table = (const unsigned char *)object->unwind_table;
	if (!table->table)
		return false;
	memcpy(&encodings, table->table, sizeof(encodings));
	memcpy(&table->count, table->table + COUNT, sizeof(table->count));
	return encodings == ENCODINGS && table->count;
}

static uintptr_t place(const struct function_table *table, uint32_t number, size_t member)
{
	int32_t offset;

	memcpy(&offset, table->table + ENTRIES + (size_t)ENTRY_SIZE * number + member,
	       sizeof(offset));
	return (uintptr_t)table->table + (uintptr_t)(intptr_t)offset;
}

uintptr_t function_start(const struct function_table *table, uint32_t number)
{
	return place(table, number, 0);
}

uintptr_t function_end(const struct function_table *table, uint32_t number)
{
	uint32_t size;

	memcpy(&size, (const void *)(place(table, number, DESCRIPTION) + SIZE), sizeof(size));
	return function_start(table, number) + size;
}

bool function_around(uintptr_t pc, struct loaded_symbol *function)
{
	struct function_table table;
	struct local_memory memory;
	struct object object;
	uint32_t first = 0, after;

	local_memory_init(&memory);
	if (!memory.memory.find(&memory.memory, pc, &object) || !function_table_of(&object, &table))
		return false;
	after = table.count;
	/* The last function that begins at pc or before. */
	while (after - first > 1) {
		uint32_t middle = first + (after - first) / 2;

		if (function_start(&table, middle) <= pc)
			first = middle;
		else
			after = middle;
	}
	struct loaded_symbol found = {
		.address = function_start(&table, first),
		.size = function_end(&table, first) - function_start(&table, first),
		.module = object.path,
	};
	if (!loaded_symbol_covers(&found, pc))
		return false;
	*function = found;
	return true;
}
