// SPDX-License-Identifier: MIT
/*
 * The modules (executables and shared libraries) that captured frames lie in. A frame is kept as
 * module and offset, so that it keeps its meaning after dlclose, after a reload at another address,
 * and in another process. Entries are added on the first frame in a module and never removed.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/base/arena.h"

enum {
	MODULE_NONE = 0,          /* the frame's offset is an absolute address (JIT code) */
	MODULE_LIMIT = 4096,      /* most modules; frames in later ones are kept as addresses */
	MODULE_BUILD_ID_MAX = 32, /* bytes */
};

struct module {
	_Atomic uintptr_t bias;  /* load address: run-time address - address in the ELF file */
	_Atomic uintptr_t start; /* lowest mapped address that was looked at, as last seen */
	_Atomic uintptr_t end;   /* one past the highest */
	_Atomic bool unloaded;   /* dlclose took it away */
	bool is_main;            /* the program itself: /proc/self/exe is its file */
	bool has_file;           /* false for the vDSO */
	int pid;                 /* of the process that it is mapped in; 0: our own */
	uint8_t build_id_size;   /* 0: the module has none */
	uint8_t build_id[MODULE_BUILD_ID_MAX];
	/* Never NULL, both live with the table. */
	const char *name; /* as the loader knows it */
	const char *path; /* the same, absolute where that is known; "linux-vdso.so.1" is no path */
};

_Static_assert(MODULE_BUILD_ID_MAX <= UINT8_MAX, "its size is one byte");

struct module_table {
	struct arena *arena;
	_Atomic uint32_t count; /* valid ids are 1 .. count */
	struct module *modules; /* MODULE_LIMIT + 1 of them, [0] unused */
};

/* Prepares a table that takes its memory from arena. False: no memory. */
bool module_table_init(struct module_table *table, struct arena *arena);

/* Gives back the memory that is not the arena's. */
void module_table_release(struct module_table *table);

/* Fills an empty table with what from holds, under the same ids. False: no memory. */
bool module_table_copy(struct module_table *table, const struct module_table *from);

/* Returns the id of the module with this name and build-id, adding it when it is new, and notes
 * where it is mapped now; MODULE_NONE when the table is full. A module between whose segments lies
 * something else comes in parts, with one bias. Callers hold the capture lock. name and build_id
 * are copied. */
uint32_t module_table_add(struct module_table *table, const char *name, const uint8_t *build_id,
			  size_t build_id_size, uintptr_t bias, uintptr_t start, uintptr_t end);

/* The module of id, or NULL for MODULE_NONE. Any thread, async-signal-safe. */
static inline struct module *module_table_get(const struct module_table *table, uint32_t id)
{
	return id ? &table->modules[id] : NULL;
}
