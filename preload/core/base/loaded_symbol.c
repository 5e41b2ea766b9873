// SPDX-License-Identifier: MIT
/* See loaded_symbol.h. A module that has only the older hash table (DT_HASH) is searched from its
 * first symbol to its last. */
#include "loaded_symbol.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "preload/arch/machine.h"
#include "dynamic_symbols.h"

bool loaded_symbol_busy(void)
{
	return _r_debug.r_version < 1 || _r_debug.r_state != RT_CONSISTENT;
}

static bool is_definition(const struct dynamic_symbols *tables, uint32_t index)
{
	const ElfW(Sym) *symbol = &tables->symbols[index];
	unsigned int type = ELF64_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && symbol->st_value &&
	       (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE);
}

/* Index of the definition, or 0 (STN_UNDEF). */
static uint32_t find(const struct dynamic_symbols *tables, const char *name, uint32_t hash)
{
	uint32_t index = 0;

	if (tables->gnu_hash) {
		do
			index = dynamic_symbols_find(tables, name, hash, index);
		while (index && !is_definition(tables, index));
		return index;
	}
	for (uint32_t count = tables->sysv_hash ? tables->sysv_hash[1] : 0; index < count; index++)
		if (index && is_definition(tables, index) &&
		    strcmp(tables->names + tables->symbols[index].st_name, name) == 0)
			return index;
	return 0;
}

bool loaded_symbol_find(const char *name, struct loaded_symbol *found)
{
	uint32_t hash = dynamic_symbols_hash(name);
	struct dynamic_symbols tables;

	if (loaded_symbol_busy())
		return false;
	for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next) {
		if (!dynamic_symbols_read(&tables, map->l_ld, map->l_addr))
			continue;
		uint32_t index = find(&tables, name, hash);
		if (!index)
			continue;
		*found = (struct loaded_symbol){
			.address = map->l_addr + tables.symbols[index].st_value,
			.size = tables.symbols[index].st_size,
			.module = map->l_name ? map->l_name : "",
		};
		return true;
	}
	return false;
}

/* The first word that a relocation of this type and symbol fills in, of a module's relocations of
 * one kind; 0: there is none. */
static uintptr_t relocated(const struct dynamic_symbols *tables, int kind, uint32_t type,
			   const char *name)
{
	const ElfW(Rela) *relocations = tables->relocations[kind];
	size_t count = relocations ? tables->relocations_size[kind] / sizeof(*relocations) : 0;

	for (size_t i = 0; i < count; i++) {
		const ElfW(Rela) *at = &relocations[i];
		const ElfW(Sym) *symbol = &tables->symbols[ELF64_R_SYM(at->r_info)];

		if (ELF64_R_TYPE(at->r_info) == type && ELF64_R_SYM(at->r_info) &&
		    strcmp(tables->names + symbol->st_name, name) == 0)
			return at->r_offset;
	}
	return 0;
}

void *loaded_symbol_find_tls(const char *name)
{
	struct dynamic_symbols tables;

	if (loaded_symbol_busy())
		return NULL;
	for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next) {
		uintptr_t found = dynamic_symbols_read(&tables, map->l_ld, map->l_addr)
					  ? relocated(&tables, 0, MACHINE_TLS, name)
					  : 0;

		/* The argument is a pair of words, the module's number and the offset, which the
		 * loader has filled in. */
		if (found)
			return (void *)(map->l_addr + found);
	}
	return NULL;
}

uintptr_t loaded_symbol_pointer(const char *name, const char *module)
{
	struct dynamic_symbols tables;
	uintptr_t found;

	if (loaded_symbol_busy())
		return 0;
	for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next) {
		if (strcmp(map->l_name ? map->l_name : "", module) != 0 ||
		    !dynamic_symbols_read(&tables, map->l_ld, map->l_addr))
			continue;
		found = relocated(&tables, 1, MACHINE_JUMP_SLOT, name);
		if (!found)
			found = relocated(&tables, 0, MACHINE_POINTER, name);
		return found ? map->l_addr + found : 0;
	}
	return 0;
}
