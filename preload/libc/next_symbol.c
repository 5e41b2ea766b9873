// SPDX-License-Identifier: MIT
/*
 * See next_symbol.h. The loader's list of objects begins with those that were loaded at start, in
 * the order in which it searches them.
 */
#include "next_symbol.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/base/dynamic_symbols.h"

enum { VERSION_HIDDEN = 0x8000 }; /* not the default version */

static uint32_t find(const struct dynamic_symbols *tables, const char *name, uint32_t hash)
{
	uint32_t index = 0;

	do
		index = dynamic_symbols_find(tables, name, hash, index);
	while (index && (tables->symbols[index].st_shndx == SHN_UNDEF ||
			 (tables->versions && tables->versions[index] & VERSION_HIDDEN)));
	return index;
}

bool next_symbol(const char *name, void **function)
{
	const struct link_map *map = _r_debug.r_map;
	uint32_t hash = dynamic_symbols_hash(name);

	*function = NULL;
	while (map && map->l_ld != _DYNAMIC)
		map = map->l_next;
	if (!map)
		return false;
	for (map = map->l_next; map; map = map->l_next) {
		struct dynamic_symbols tables;

		if (!dynamic_symbols_read(&tables, map->l_ld, map->l_addr) || !tables.gnu_hash)
			return false;
		uint32_t index = find(&tables, name, hash);
		if (!index)
			continue;
		const ElfW(Sym) *symbol = &tables.symbols[index];
		*function = (void *)(map->l_addr + symbol->st_value);
		return ELF64_ST_TYPE(symbol->st_info) != STT_GNU_IFUNC;
	}
	return true;
}
