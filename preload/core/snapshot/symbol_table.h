// SPDX-License-Identifier: MIT
/*
 * Where an image keeps its symbols and their names: found through the section headers of a file, or
 * through the dynamic section in memory. Says only where they claim to be; elf_symbols.c reads them
 * through elf_image.h, which bounds each read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "elf_image.h"
#include "scratch.h"

struct symbol_table {
	struct image image;
	uint64_t symbols, count; /* offset in the image, and how many */
	uint64_t names, names_size;
	bool whole; /* it is .symtab: the next function's symbol would be known, too */
	const Elf64_Shdr *sections; /* of a file; NULL: not known */
	uint32_t section_count;
};

/* Finds .symtab or else .dynsym in table->image, a file. False: there is none. */
bool symbol_table_of_file(struct symbol_table *table, struct scratch *scratch);

/* Finds the dynamic symbols in table->image, which is memory. False: there are none. */
bool symbol_table_of_memory(struct symbol_table *table);

/* Whether address lies in the section of that index, and the section holds code. */
bool symbol_table_in_section(const struct symbol_table *table, uint16_t section, uint64_t address);
