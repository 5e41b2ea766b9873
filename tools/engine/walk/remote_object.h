// SPDX-License-Identifier: MIT
/*
 * An ELF file that is mapped in another process. Its headers, read from that process' memory, tell
 * where it and its unwind data lie. Nothing in them is trusted. Used by remote_memory.c, which
 * keeps these objects and answers struct memory's find() from them.
 */
#pragma once

#include "tools/engine/walk/prologue/code_rules.h"
#include "tools/process/mappings.h"
#include "remote_memory.h"
#include "unwind_table.h"

/* The addresses at which tables that we have built appear in the process. No program can have
 * anything there, because x86_64 and aarch64 give programs at most 2^56. Each table has 2^32
 * addresses. */
#define TABLE_ADDRESSES UINT64_C(0xf000000000000000)

struct remote_object {
	struct object object; /* its path is our copy */
	uint64_t inode;
	struct unwind_table *table; /* that we built; or NULL */
	size_t table_size;
	struct code_rules *rules; /* made when first needed; or NULL */
	uintptr_t dynamic;        /* address of its dynamic section; 0: none */
	bool ruled;               /* making the rules has been tried */
};

/* Makes the object that address lies in. index: its place among all objects, which decides its
 * table's address. entry: the process' entry point, which lies in the program itself. NULL: there
 * is no object at address, or no memory. Destroy accepts NULL. */
struct remote_object *remote_object_create(struct remote_memory *memory,
					   const struct mappings *mappings, uintptr_t address,
					   uintptr_t entry, size_t index);
void remote_object_destroy(struct remote_object *object);
