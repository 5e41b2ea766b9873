// SPDX-License-Identifier: MIT
/* See loaded_symbol.h. The hash table is GNU's (DT_GNU_HASH), which all distributions' linkers
 * write; a module that has only the older one (DT_HASH) is searched from its first symbol to its
 * last. */
#include "loaded_symbol.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "preload/arch/machine.h"

/* The dynamic section's parts that a search needs. */
struct symbols {
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint32_t *gnu_hash;
	const uint32_t *sysv_hash;
	const ElfW(Rela) * relocations;
	size_t relocations_size;
};

bool loaded_symbol_busy(void)
{
	return _r_debug.r_version < 1 || _r_debug.r_state != RT_CONSISTENT;
}

/* glibc adds the bias to the addresses in most modules' dynamic sections, but not in the vDSO's,
 * which is read-only. */
static const void *address_of(const struct link_map *map, uintptr_t value)
{
	return (const void *)(value < map->l_addr ? value + map->l_addr : value);
}

static bool find_tables(const struct link_map *map, struct symbols *symbols)
{
	*symbols = (struct symbols){0};
	for (const ElfW(Dyn) *entry = map->l_ld; entry && entry->d_tag != DT_NULL; entry++) {
		const void *address = address_of(map, entry->d_un.d_ptr);

		if (entry->d_tag == DT_SYMTAB)
			symbols->symbols = address;
		else if (entry->d_tag == DT_STRTAB)
			symbols->strings = address;
		else if (entry->d_tag == DT_GNU_HASH)
			symbols->gnu_hash = address;
		else if (entry->d_tag == DT_HASH)
			symbols->sysv_hash = address;
		else if (entry->d_tag == DT_RELA)
			symbols->relocations = address;
		else if (entry->d_tag == DT_RELASZ)
			symbols->relocations_size = entry->d_un.d_val;
	}
	return symbols->symbols && symbols->strings;
}

static bool is_definition(const struct symbols *tables, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &tables->symbols[index];
	unsigned int type = ELF64_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && symbol->st_value &&
	       (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE) &&
	       strcmp(tables->strings + symbol->st_name, name) == 0;
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/* Index of the symbol, or 0 (STN_UNDEF). The table: number of buckets, first hashed symbol, words
 * of the Bloom filter, its shift; the filter; the buckets; a hash for each symbol, whose lowest bit
 * ends a chain. */
static uint32_t find_gnu(const struct symbols *tables, const char *name, uint32_t hash)
{
	enum { WORD = 8 * sizeof(ElfW(Addr)) };
	const uint32_t *table = tables->gnu_hash;
	uint32_t buckets = table[0], first = table[1], words = table[2], shift = table[3];
	const ElfW(Addr) *filter = (const void *)(table + 4);
	const uint32_t *bucket = (const void *)(filter + words);
	const uint32_t *chain = bucket + buckets;

	if (!buckets || !words)
		return 0;
	ElfW(Addr) word = filter[hash / WORD % words];
	if (!(word >> hash % WORD & word >> (hash >> shift) % WORD & 1))
		return 0;
	for (uint32_t index = bucket[hash % buckets]; index >= first && index; index++) {
		uint32_t found = chain[index - first];

		if ((found | 1) == (hash | 1) && is_definition(tables, index, name))
			return index;
		if (found & 1)
			break;
	}
	return 0;
}

static uint32_t find_in_order(const struct symbols *tables, const char *name)
{
	uint32_t count = tables->sysv_hash ? tables->sysv_hash[1] : 0; /* nchain */

	for (uint32_t index = 1; index < count; index++)
		if (is_definition(tables, index, name))
			return index;
	return 0;
}

bool loaded_symbol_find(const char *name, struct loaded_symbol *found)
{
	uint32_t hash = gnu_hash(name);
	struct symbols tables;

	if (loaded_symbol_busy())
		return false;
	for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next) {
		if (!find_tables(map, &tables))
			continue;
		uint32_t index = tables.gnu_hash ? find_gnu(&tables, name, hash)
						 : find_in_order(&tables, name);
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

void *loaded_symbol_find_tls(const char *name)
{
	struct symbols tables;

	if (loaded_symbol_busy())
		return NULL;
	for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next) {
		if (!find_tables(map, &tables) || !tables.relocations)
			continue;
		/* The argument is a pair of words, the module's number and the offset, which the
		 * loader has filled in. */
		for (size_t i = 0; i < tables.relocations_size / sizeof(ElfW(Rela)); i++) {
			const ElfW(Rela) *at = &tables.relocations[i];
			const ElfW(Sym) *symbol = &tables.symbols[ELF64_R_SYM(at->r_info)];

			if (ELF64_R_TYPE(at->r_info) == MACHINE_TLS && ELF64_R_SYM(at->r_info) &&
			    strcmp(tables.strings + symbol->st_name, name) == 0)
				return (void *)(map->l_addr + at->r_offset);
		}
	}
	return NULL;
}
