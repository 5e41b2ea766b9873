// SPDX-License-Identifier: MIT
/*
 * See loaded_symbol.h. Another thread may be in dlopen or dlclose at any moment, also where no hook
 * sees it, and what was in the list may be unmapped at once. So all of this is copied by the
 * kernel. What the copies say then may be wrong, but a read outside is no fault, and each search
 * has an end.
 */
#include "loaded_symbol.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "preload/arch/machine.h"
#include "dynamic_symbols.h"
#include "read_safely.h"

enum {
	PAGE = 4096,
	SECTION = 2048,  /* bytes of a dynamic section to read: whole entries */
	NAME_MOST = 256, /* bytes of a name that is looked for */
	MODULES_MOST = 1 << 16,
	CHAIN_MOST = 1 << 12, /* symbols of one bucket of a hash table */
	RELOCATIONS = 32,     /* to copy at a time */
};

bool loaded_symbol_busy(void)
{
	return _r_debug.r_version < 1 || _r_debug.r_state != RT_CONSISTENT;
}

/* A module of the loader's list. */
struct listed {
	const struct link_map *map; /* the next one; NULL: there is none */
	unsigned int count;
	uintptr_t bias;
	const char *name;
	const char *section; /* its dynamic section; NULL: it has none */
	struct dynamic_symbols tables;
};

/* Reads the dynamic section, page by page, because it may end at the end of what is mapped. False:
 * the module has no symbols. */
static bool read_section(struct listed *module)
{
	const char *from = module->section;
	ElfW(Dyn) section[SECTION / sizeof(ElfW(Dyn))];
	size_t size = 0;

	while (from && size < SECTION) {
		size_t part = PAGE - ((uintptr_t)from + size) % PAGE;
		size_t seen = size / sizeof(*section);

		if (part > SECTION - size)
			part = SECTION - size;
		if (!read_mapped((char *)section + size, from + size, part))
			return false;
		size += part;
		for (; seen < size / sizeof(*section); seen++)
			if (section[seen].d_tag == DT_NULL)
				return dynamic_symbols_read(&module->tables, section, module->bias);
	}
	return false;
}

/* Goes to the next module of the list. */
static bool next(struct listed *module)
{
	struct link_map map;

	if (!module->map || module->count++ == MODULES_MOST ||
	    !read_mapped(&map, module->map, sizeof(map)))
		return false;
	module->map = map.l_next;
	module->bias = map.l_addr;
	module->name = map.l_name ? map.l_name : "";
	module->section = (const char *)map.l_ld;
	return true;
}

static bool is_named(const struct dynamic_symbols *tables, uint32_t name, const char *wanted)
{
	char text[NAME_MOST];
	size_t size = strlen(wanted) + 1;

	return size <= sizeof(text) && read_mapped(text, tables->names + name, size) &&
	       memcmp(text, wanted, size) == 0;
}

/* Copies the symbol with this index, if it is a definition of name. */
static bool defines(const struct dynamic_symbols *tables, uint32_t index, const char *name,
		    ElfW(Sym) * symbol)
{
	if (!read_mapped(symbol, &tables->symbols[index], sizeof(*symbol)))
		return false;
	unsigned int type = ELF64_ST_TYPE(symbol->st_info);
	return symbol->st_shndx != SHN_UNDEF && symbol->st_value &&
	       (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE) &&
	       is_named(tables, symbol->st_name, name);
}

/* By GNU's table: see dynamic_symbols.c. */
static bool find_by_gnu_hash(const struct dynamic_symbols *tables, const char *name, uint32_t hash,
			     ElfW(Sym) * symbol)
{
	enum { WORD = 8 * sizeof(ElfW(Addr)) };
	uint32_t index, found = 0;
	struct {
		uint32_t buckets, first, words, shift;
	} head;
	ElfW(Addr) word;

	if (!read_mapped(&head, tables->gnu_hash, sizeof(head)) || !head.buckets || !head.words)
		return false;
	const ElfW(Addr) *filter = (const void *)(tables->gnu_hash + 4);
	const uint32_t *bucket = (const void *)(filter + head.words);
	const uint32_t *chain = bucket + head.buckets;
	if (!read_mapped(&word, filter + hash / WORD % head.words, sizeof(word)) ||
	    !(word >> hash % WORD & word >> (hash >> head.shift % 32) % WORD & 1) ||
	    !read_mapped(&index, bucket + hash % head.buckets, sizeof(index)) || !index ||
	    index < head.first)
		return false;
	for (uint32_t end = index + CHAIN_MOST; index < end && !(found & 1); index++) {
		if (!read_mapped(&found, chain + (index - head.first), sizeof(found)))
			return false;
		if ((found | 1) == (hash | 1) && defines(tables, index, name, symbol))
			return true;
	}
	return false;
}

/* By the older table (System V ABI, "Hash Table"): the number of buckets, that of chains, both. */
static bool find_by_sysv_hash(const struct dynamic_symbols *tables, const char *name,
			      ElfW(Sym) * symbol)
{
	const uint32_t *table = tables->sysv_hash;
	uint32_t counts[2], index, hash = 0;

	for (const char *at = name; *at; at++) {
		hash = (hash << 4) + (uint8_t)*at;
		hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
	}
	if (!read_mapped(counts, table, sizeof(counts)) || !counts[0] ||
	    !read_mapped(&index, table + 2 + hash % counts[0], sizeof(index)))
		return false;
	for (int i = 0; index && i < CHAIN_MOST; i++)
		if (defines(tables, index, name, symbol))
			return true;
		else if (!read_mapped(&index, table + 2 + counts[0] + (size_t)index, sizeof(index)))
			return false;
	return false;
}

/* hash: GNU's, of name. */
static bool find(const struct dynamic_symbols *tables, const char *name, uint32_t hash,
		 ElfW(Sym) * symbol)
{
	if (tables->gnu_hash)
		return find_by_gnu_hash(tables, name, hash, symbol);
	return tables->sysv_hash && find_by_sysv_hash(tables, name, symbol);
}

bool loaded_symbol_find(const char *name, struct loaded_symbol *found)
{
	struct listed module = {.map = _r_debug.r_map};
	uint32_t hash = dynamic_symbols_hash(name);
	ElfW(Sym) symbol;

	if (loaded_symbol_busy())
		return false;
	while (next(&module)) {
		if (!read_section(&module) || !find(&module.tables, name, hash, &symbol))
			continue;
		*found = (struct loaded_symbol){
			.address = module.bias + symbol.st_value,
			.size = symbol.st_size,
			.module = module.name,
		};
		return true;
	}
	return false;
}

/* The address that the relocation fills in, if it is of this type and for this symbol; else 0. */
static uintptr_t place_of(const struct dynamic_symbols *tables, const ElfW(Rela) * relocation,
			  uint32_t type, const char *name)
{
	size_t index = ELF64_R_SYM(relocation->r_info);
	ElfW(Sym) symbol;

	return ELF64_R_TYPE(relocation->r_info) == type && index &&
			       read_mapped(&symbol, &tables->symbols[index], sizeof(symbol)) &&
			       is_named(tables, symbol.st_name, name)
		       ? relocation->r_offset
		       : 0;
}

/* The first word that a relocation of this type and symbol fills in, of a module's relocations of
 * one kind; 0: there is none. */
static uintptr_t relocated(const struct dynamic_symbols *tables, int kind, uint32_t type,
			   const char *name)
{
	ElfW(Rela) copies[RELOCATIONS];
	const ElfW(Rela) *relocations = tables->relocations[kind];
	size_t all = relocations ? tables->relocations_size[kind] / sizeof(*copies) : 0;

	for (size_t i = 0, count; i < all; i += count) {
		count = all - i < RELOCATIONS ? all - i : RELOCATIONS;
		if (!read_mapped(copies, relocations + i, count * sizeof(*copies)))
			return 0;
		for (size_t j = 0; j < count; j++) {
			uintptr_t place = place_of(tables, &copies[j], type, name);

			if (place)
				return place;
		}
	}
	return 0;
}

void *loaded_symbol_find_tls(const char *name)
{
	struct listed module = {.map = _r_debug.r_map};

	if (loaded_symbol_busy())
		return NULL;
	while (next(&module)) {
		uintptr_t found =
			read_section(&module) ? relocated(&module.tables, 0, MACHINE_TLS, name) : 0;

		/* The argument is a pair of words, the module's number and the offset, which the
		 * loader has filled in. */
		if (found)
			return (void *)(module.bias + found);
	}
	return NULL;
}

uintptr_t loaded_symbol_pointer(const char *name, const char *in)
{
	struct listed module = {.map = _r_debug.r_map};
	uintptr_t found;

	if (loaded_symbol_busy())
		return 0;
	while (next(&module)) {
		if (module.name != in || !read_section(&module))
			continue;
		found = relocated(&module.tables, 1, MACHINE_JUMP_SLOT, name);
		if (!found)
			found = relocated(&module.tables, 0, MACHINE_POINTER, name);
		return found ? module.bias + found : 0;
	}
	return 0;
}
