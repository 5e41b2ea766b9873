// SPDX-License-Identifier: MIT
/* See elf_symbols.h. */
#include "elf_symbols.h"

#include <string.h>

#include "symbol_table.h"

enum {
	PIECE = 256, /* symbols read at a time */
	LONGEST_NAME = 4096,
};

/* Ranks symbols at the same address; a higher rank wins. */
enum rank { RANK_NONE, RANK_UNTYPED, RANK_SIZELESS, RANK_LOCAL, RANK_WEAK, RANK_GLOBAL };

static enum rank rank_of(const Elf64_Sym *symbol)
{
	unsigned int type = ELF64_ST_TYPE(symbol->st_info);
	unsigned int bind = ELF64_ST_BIND(symbol->st_info);

	if (symbol->st_shndx == SHN_UNDEF || !symbol->st_name)
		return RANK_NONE;
	/* A function in assembly without .type, like musl's _start; labels inside of one are local
	 * or hidden. */
	if (type == STT_NOTYPE && bind == STB_GLOBAL && !symbol->st_size &&
	    ELF64_ST_VISIBILITY(symbol->st_other) == STV_DEFAULT)
		return RANK_UNTYPED;
	if (type != STT_FUNC && type != STT_GNU_IFUNC)
		return RANK_NONE;
	if (!symbol->st_size)
		return RANK_SIZELESS;
	switch (bind) {
	case STB_GLOBAL:
		return RANK_GLOBAL;
	case STB_WEAK:
		return RANK_WEAK;
	default:
		return RANK_LOCAL;
	}
}

/* Takes the better symbol: one that covers the address beats one without a size, then the nearer
 * one wins, then the higher rank. */
static void offer(struct symbol_query *query, const Elf64_Sym *symbol, enum rank rank)
{
	bool sized = rank > RANK_SIZELESS, had_sized = query->rank > RANK_SIZELESS;

	if (query->rank && sized != had_sized) {
		if (!sized)
			return;
	} else if (query->rank && (symbol->st_value < query->value ||
				   (symbol->st_value == query->value && rank <= query->rank))) {
		return;
	}
	query->value = symbol->st_value;
	query->string = symbol->st_name;
	query->rank = rank;
}

static size_t first_at_or_after(const struct symbol_query *queries, size_t count, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (queries[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void match(const struct symbol_table *table, const Elf64_Sym *symbol,
		  struct symbol_query *queries, size_t count)
{
	enum rank rank = rank_of(symbol);

	if (rank == RANK_NONE || (rank <= RANK_SIZELESS && !table->whole))
		return;
	for (size_t i = first_at_or_after(queries, count, symbol->st_value); i < count; i++) {
		if (rank > RANK_SIZELESS) {
			if (queries[i].address - symbol->st_value >= symbol->st_size)
				return;
		} else if (!symbol_table_in_section(table, symbol->st_shndx, queries[i].address)) {
			return;
		}
		offer(&queries[i], symbol, rank);
	}
}

static void read_name(const struct symbol_table *table, struct symbol_query *query,
		      struct scratch *scratch)
{
	char text[LONGEST_NAME];
	const char *end;

	if (query->string >= table->names_size)
		return;
	uint64_t left = table->names_size - query->string;
	for (size_t size = 128;; size = sizeof(text)) {
		size_t got = image_read_some(&table->image, table->names + query->string, text,
					     size < left ? size : left);

		end = memchr(text, '\0', got);
		if (end)
			break;
		if (size == sizeof(text) || got < size)
			return;
	}
	size_t length = (size_t)(end - text);
	char *name = scratch_alloc(scratch, length + 1);
	if (!name || !length)
		return;
	query->name = memcpy(name, text, length);
	query->name_length = length;
}

static void read_symbols(const struct symbol_table *table, struct symbol_query *queries,
			 size_t count, struct scratch *scratch)
{
	Elf64_Sym piece[PIECE];

	for (uint64_t at = 0; at < table->count; at += PIECE) {
		uint64_t here = table->count - at < PIECE ? table->count - at : PIECE;

		if (!image_read(&table->image, table->symbols + at * sizeof(*piece), piece,
				here * sizeof(*piece)))
			break;
		for (uint64_t i = 0; i < here; i++)
			match(table, &piece[i], queries, count);
	}
	for (size_t i = 0; i < count; i++)
		if (queries[i].rank)
			read_name(table, &queries[i], scratch);
}

enum image_state symbols_find(const struct module *module, struct symbol_query *queries,
			      size_t count, struct scratch *scratch)
{
	struct symbol_table table;
	enum image_state state, memory;

	memset(&table, 0, sizeof(table));
	state = image_open_file(&table.image, module);
	if (state == IMAGE_READY) {
		if (symbol_table_of_file(&table, scratch))
			read_symbols(&table, queries, count, scratch);
		image_close(&table.image);
		return state;
	}
	/* The file is gone or is a different one, but the mapped memory still has the dynamic
	 * symbols. */
	memory = image_open_memory(&table.image, module);
	if (memory == IMAGE_READY) {
		if (symbol_table_of_memory(&table))
			read_symbols(&table, queries, count, scratch);
		image_close(&table.image);
	}
	return state;
}
