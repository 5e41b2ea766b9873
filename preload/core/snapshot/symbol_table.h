// SPDX-License-Identifier: MIT
/*
 * Finds the place of an image's symbols and their names: through the section headers of a file, or
 * through the dynamic section in memory. The places are not checked; elf_symbols.c reads them
 * through elf_image.h, which bounds each read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "elf_image.h"
#include "scratch.h"

struct symbol_table {
	struct image image;
	uint64_t symbols, count; /* offset in the image, and number of symbols */
	uint64_t names, names_size;
	bool whole;                 /* it is .symtab, so that no function is missing */
	const Elf64_Shdr *sections; /* of a file, in scratch memory; NULL: not known */
	uint32_t section_count;
};

/* Finds .symtab, or else .dynsym, in table->image, which is a file. False: there is none. */
bool symbol_table_of_file(struct symbol_table *table, struct scratch *scratch);

/* Finds the dynamic symbols in table->image, which is memory. False: there are none. */
bool symbol_table_of_memory(struct symbol_table *table);

/* Whether address lies in the section with this index, and the section holds code. */
bool symbol_table_in_section(const struct symbol_table *table, uint16_t section, uint64_t address);
