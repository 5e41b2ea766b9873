// SPDX-License-Identifier: MIT
/*
 * See dynamic_symbols.h. The hash table is described by its writer, binutils (elflink.c,
 * elf_gnu_hash_process_symidx), and read like that in glibc (elf/dl-lookup.c).
 */
#include "dynamic_symbols.h"

#include <elf.h>
#include <string.h>

/* glibc adds the bias to the addresses in most modules' dynamic sections, but not in the vDSO's,
 * which is read-only. */
static const void *address_of(const ElfW(Dyn) * entry, uintptr_t bias)
{
	uintptr_t value = entry->d_un.d_ptr;

	return (const void *)(value < bias ? value + bias : value);
}

bool dynamic_symbols_read(struct dynamic_symbols *symbols, const ElfW(Dyn) * section,
			  uintptr_t bias)
{
	*symbols = (struct dynamic_symbols){0};
	for (const ElfW(Dyn) *entry = section; entry && entry->d_tag != DT_NULL; entry++)
		switch (entry->d_tag) {
		case DT_SYMTAB:
			symbols->symbols = address_of(entry, bias);
			break;
		case DT_STRTAB:
			symbols->names = address_of(entry, bias);
			break;
		case DT_VERSYM:
			symbols->versions = address_of(entry, bias);
			break;
		case DT_GNU_HASH:
			symbols->gnu_hash = address_of(entry, bias);
			break;
		case DT_HASH:
			symbols->sysv_hash = address_of(entry, bias);
			break;
		case DT_RELA:
			symbols->relocations[0] = address_of(entry, bias);
			break;
		case DT_RELASZ:
			symbols->relocations_size[0] = entry->d_un.d_val;
			break;
		case DT_JMPREL:
			symbols->relocations[1] = address_of(entry, bias);
			break;
		case DT_PLTRELSZ:
			symbols->relocations_size[1] = entry->d_un.d_val;
			break;
		default:
			break;
		}
	return symbols->symbols && symbols->names;
}

uint32_t dynamic_symbols_hash(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (uint8_t)*name;
	return hash;
}

/* The table: number of buckets, first hashed symbol, words of the Bloom filter, its shift; the
 * filter; the buckets; a hash for each symbol, whose lowest bit ends a chain. */
uint32_t dynamic_symbols_find(const struct dynamic_symbols *symbols, const char *name,
			      uint32_t hash, uint32_t after)
{
	enum { WORD = 8 * sizeof(ElfW(Addr)) };
	const uint32_t *table = symbols->gnu_hash;
	uint32_t buckets = table[0], first = table[1], words = table[2], shift = table[3];
	const ElfW(Addr) *filter = (const void *)(table + 4);
	const uint32_t *bucket = (const void *)(filter + words);
	const uint32_t *chain = bucket + buckets;
	uint32_t index = after + 1;

	if (!after) {
		if (!buckets || !words)
			return 0;
		ElfW(Addr) word = filter[hash / WORD % words];
		index = bucket[hash % buckets];
		if (!(word >> hash % WORD & word >> (hash >> shift) % WORD & 1) || !index ||
		    index < first)
			return 0;
	} else if (chain[after - first] & 1) {
		return 0;
	}
	for (;; index++) {
		uint32_t found = chain[index - first];

		if ((found | 1) == (hash | 1) &&
		    strcmp(symbols->names + symbols->symbols[index].st_name, name) == 0)
			return index;
		if (found & 1)
			return 0;
	}
}
