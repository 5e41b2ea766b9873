// SPDX-License-Identifier: MIT
/*
 * The modules (executables and shared libraries) that captured frames lie in. A frame is kept as
 * module and offset, so that it stays valid after dlclose, after a reload at another address, and
 * in another process. The first frame in a module adds its entry, and entries are never removed.
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
	_Atomic uintptr_t bias;     /* load address: run-time address - address in the ELF file */
	_Atomic uintptr_t start;    /* lowest mapped address, as last seen */
	_Atomic uintptr_t end;      /* one past the highest */
	_Atomic bool unloaded;      /* dlclose has unmapped it */
	_Atomic uint8_t library_of; /* number of the language that it belongs to, plus 1; 0: none */
	bool is_main;               /* the program itself: /proc/self/exe is its file */
	bool has_file;              /* false for the vDSO */
	int pid;                    /* the process that it is mapped in; 0: this one */
	uint8_t build_id_size;      /* 0: the module has none */
	uint8_t build_id[MODULE_BUILD_ID_MAX];
	/* Never NULL, both live with the table. */
	const char *name; /* the loader's name for it */
	const char *path; /* the same, absolute if that is known; "linux-vdso.so.1" isn't a path */
};

_Static_assert(MODULE_BUILD_ID_MAX <= UINT8_MAX, "its size is one byte");

struct module_table {
	struct arena *arena;
	_Atomic uint32_t count; /* valid ids are 1 .. count */
	struct module *modules; /* MODULE_LIMIT + 1 of them, [0] unused */
};

/* Prepares a table that takes its memory from arena. False: no memory. */
bool module_table_init(struct module_table *table, struct arena *arena);

/* Frees the memory that doesn't belong to the arena. */
void module_table_release(struct module_table *table);

/* Copies the contents of from into an empty table, with the same ids. False: no memory. */
bool module_table_copy(struct module_table *table, const struct module_table *from);

/* Returns the id of the module with this name and build-id, and records where it is mapped now.
 * Adds the module if it is new; returns MODULE_NONE if the table is full. If other mappings lie
 * between a module's segments, it is added in parts, with the same bias. The caller must hold the
 * capture lock. name and build_id are copied. */
uint32_t module_table_add(struct module_table *table, const char *name, const uint8_t *build_id,
			  size_t build_id_size, uintptr_t bias, uintptr_t start, uintptr_t end);

/* The module of id, or NULL for MODULE_NONE. Any thread, async-signal-safe. */
static inline struct module *module_table_get(const struct module_table *table, uint32_t id)
{
	return id ? &table->modules[id] : NULL;
}
