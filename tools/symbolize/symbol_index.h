// SPDX-License-Identifier: MIT
/*
 * A module's symbols by address. dwfl_module_addrinfo() reads the whole symbol table for each
 * address; with 150,000 symbols that takes milliseconds.
 */
#pragma once

#include <gelf.h>

#include "source.h"

/* Returns an empty index, which is filled at the first question; NULL: no memory. */
struct symbol_index *symbol_index_create(void);
void symbol_index_destroy(struct symbol_index *index);

/* The name of the symbol that names this address best, the symbol, and how far behind its start the
 * address lies, as dwfl_module_addrinfo() gives them. NULL: there is none. Only an address that
 * exactly one symbol covers is looked up in the index; libdwfl has rules for the others. */
const char *symbol_index_find(const struct module_file *file, uint64_t address, GElf_Off *offset,
			      GElf_Sym *symbol);
