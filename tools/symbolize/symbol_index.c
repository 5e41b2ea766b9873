// SPDX-License-Identifier: MIT
/* See symbol_index.h. */
#include "symbol_index.h"

#include <stdlib.h>

#include "preload/core/base/sorted_starts.h"

struct entry {
	uint64_t start, end; /* first: starts_until */
	uint64_t before;     /* the highest end of those that start earlier */
	int number;          /* in the symbol table */
};

struct symbol_index {
	struct entry *entries; /* by start */
	size_t count;
	bool made;
};

struct symbol_index *symbol_index_create(void)
{
	return calloc(1, sizeof(struct symbol_index));
}

void symbol_index_destroy(struct symbol_index *index)
{
	if (index)
		free(index->entries);
	free(index);
}

static int by_start(const void *a, const void *b)
{
	const struct entry *first = a, *second = b;

	return (first->start > second->start) - (first->start < second->start);
}

/* Takes the symbols that libdwfl would consider. */
static void fill(struct symbol_index *index, Dwfl_Module *module)
{
	int count = dwfl_module_getsymtab(module);
	uint64_t before = 0;

	index->made = true;
	index->entries = count > 0 ? malloc((size_t)count * sizeof(*index->entries)) : NULL;
	for (int i = 0; index->entries && i < count; i++) {
		GElf_Addr start;
		GElf_Sym symbol;
		GElf_Word section;
		const char *name =
			dwfl_module_getsym_info(module, i, &symbol, &start, &section, NULL, NULL);
		int type = GELF_ST_TYPE(symbol.st_info);

		if (name && *name && symbol.st_shndx != SHN_UNDEF && type != STT_SECTION &&
		    type != STT_FILE && type != STT_TLS)
			index->entries[index->count++] =
				(struct entry){start, start + symbol.st_size, 0, i};
	}
	if (index->count)
		qsort(index->entries, index->count, sizeof(*index->entries), by_start);
	for (size_t i = 0; i < index->count; i++) {
		index->entries[i].before = before;
		if (index->entries[i].end > before)
			before = index->entries[i].end;
	}
}

/* The only symbol that covers the address, and the last that starts at or before it; else NULL. */
static const struct entry *look_up(const struct symbol_index *index, uint64_t address)
{
	size_t until = starts_until(index->entries, index->count, sizeof(*index->entries), address);
	const struct entry *entry = until ? &index->entries[until - 1] : NULL;

	if (!entry || address >= entry->end || entry->before > address ||
	    (until > 1 && entry[-1].start == entry->start))
		return NULL;
	return entry;
}

const char *symbol_index_find(const struct module_file *file, uint64_t address, GElf_Off *offset,
			      GElf_Sym *symbol)
{
	struct symbol_index *index = file->symbols;

	if (index && !index->made)
		fill(index, file->dwfl);
	const struct entry *entry = index ? look_up(index, address) : NULL;
	if (entry) {
		GElf_Addr start;
		GElf_Word section;
		const char *name = dwfl_module_getsym_info(file->dwfl, entry->number, symbol,
							   &start, &section, NULL, NULL);

		*offset = address - start;
		if (name && section < SHN_LORESERVE)
			return name;
	}
	return dwfl_module_addrinfo(file->dwfl, address, offset, symbol, NULL, NULL, NULL);
}
