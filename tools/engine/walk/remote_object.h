// SPDX-License-Identifier: MIT
/*
 * An ELF file that is mapped in another process: what its headers, read from that process' memory,
 * say of where it lies and of its unwind data. Nothing there is trusted. Used by remote_memory.c,
 * which keeps these and answers struct memory's find() from them.
 */
#pragma once

#include "tools/engine/walk/prologue/code_rules.h"
#include "tools/process/mappings.h"
#include "remote_memory.h"
#include "unwind_table.h"

/* Where built tables appear among the process' addresses: where no program can have anything, for
 * x86_64 and aarch64 give programs at most 2^56. Each has 2^32 bytes for itself. */
#define TABLE_ADDRESSES UINT64_C(0xf000000000000000)

struct remote_object {
	struct object object; /* its path is our own copy */
	uint64_t inode;
	struct unwind_table *table; /* built by us; or NULL */
	size_t table_size;
	struct code_rules *rules; /* made when they are first needed; or NULL */
	uintptr_t dynamic;        /* address of its dynamic section; 0: none */
	bool ruled;               /* .. which has been tried */
};

/* Makes the object that address lies in; index is its place among all, for its table's address.
 * entry is where the process began to run, which is in the program itself. NULL: there is none, or
 * no memory. */
struct remote_object *remote_object_create(struct remote_memory *memory,
					   const struct mappings *mappings, uintptr_t address,
					   uintptr_t entry, size_t index);
void remote_object_destroy(struct remote_object *object);
