// SPDX-License-Identifier: MIT
/*
 * See next_symbol.h. The loader's list of objects begins with those that were loaded at start, in
 * the order in which it searches them. The hash table is described by its writer, binutils
 * (elflink.c, elf_gnu_hash_process_symidx), and read like that in glibc (elf/dl-lookup.c).
 */
#include "next_symbol.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { VERSION_HIDDEN = 0x8000 }; /* not the default version */

/* The tables that an object's dynamic section points to. */
struct tables {
	const ElfW(Sym) * symbols;
	const char *names;
	const ElfW(Versym) * versions;
	const uint32_t *hash;
};

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (uint8_t)*name;
	return hash;
}

static struct tables tables_of(const struct link_map *map)
{
	struct tables tables = {0};

	for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
		/* The loader has made these addresses absolute where it could write. */
		uintptr_t at = entry->d_un.d_ptr;
		const void *place = (const void *)(at < map->l_addr ? at + map->l_addr : at);

		if (entry->d_tag == DT_SYMTAB)
			tables.symbols = place;
		else if (entry->d_tag == DT_STRTAB)
			tables.names = place;
		else if (entry->d_tag == DT_VERSYM)
			tables.versions = place;
		else if (entry->d_tag == DT_GNU_HASH)
			tables.hash = place;
	}
	return tables;
}

static const ElfW(Sym) * find(const struct tables *tables, const char *name, uint32_t hash)
{
	uint32_t buckets = tables->hash[0], first = tables->hash[1], filter = tables->hash[2];
	const uint32_t *bucket =
		tables->hash + 4 + filter * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
	const uint32_t *chain = bucket + buckets;
	uint32_t i = buckets ? bucket[hash % buckets] : 0;

	if (i < first)
		return NULL;
	for (;; i++) {
		const ElfW(Sym) *symbol = &tables->symbols[i];

		if ((chain[i - first] | 1) == (hash | 1) && symbol->st_shndx != SHN_UNDEF &&
		    !(tables->versions && tables->versions[i] & VERSION_HIDDEN) &&
		    strcmp(tables->names + symbol->st_name, name) == 0)
			return symbol;
		if (chain[i - first] & 1) /* the bucket's last */
			return NULL;
	}
}

bool next_symbol(const char *name, void **function)
{
	const struct link_map *map = _r_debug.r_map;
	uint32_t hash = hash_of(name);

	*function = NULL;
	while (map && map->l_ld != _DYNAMIC)
		map = map->l_next;
	if (!map)
		return false;
	for (map = map->l_next; map; map = map->l_next) {
		struct tables tables = tables_of(map);

		if (!tables.hash || !tables.symbols || !tables.names)
			return false;
		const ElfW(Sym) *symbol = find(&tables, name, hash);
		if (!symbol)
			continue;
		*function = (void *)(map->l_addr + symbol->st_value);
		return ELF64_ST_TYPE(symbol->st_info) != STT_GNU_IFUNC;
	}
	return true;
}
