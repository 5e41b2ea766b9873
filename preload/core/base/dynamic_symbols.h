// SPDX-License-Identifier: MIT
/*
 * The dynamic section of a loaded module (System V ABI, "Dynamic Section"), and the search of its
 * symbols by GNU's hash table (DT_GNU_HASH), which all distributions' linkers write. The module's
 * memory is trusted. Async-signal-safe, as long as the module stays loaded.
 */
#pragma once

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dynamic_symbols {
	const ElfW(Sym) * symbols;
	const char *names;
	const ElfW(Versym) * versions; /* NULL: none, as of the members below */
	const uint32_t *gnu_hash;
	const uint32_t *sysv_hash;         /* DT_HASH: the number of symbols is its second word */
	const ElfW(Rela) * relocations[2]; /* [1]: those of the PLT; [0]: all others */
	size_t relocations_size[2];        /* bytes */
};

/* Reads a module's dynamic section, which is at section; NULL: it has none. bias: the difference
 * between its addresses in memory and in its file. False: it has no symbols. */
bool dynamic_symbols_read(struct dynamic_symbols *symbols, const ElfW(Dyn) * section,
			  uintptr_t bias);

/* The hash of a name, for dynamic_symbols_find. */
uint32_t dynamic_symbols_hash(const char *name);

/* The index of the first symbol of this name that comes after this one in its chain of the hash
 * table, which the module must have. after 0: the first of all. 0: there is none. Several have the
 * same name if they have versions. */
uint32_t dynamic_symbols_find(const struct dynamic_symbols *symbols, const char *name,
			      uint32_t hash, uint32_t after);
