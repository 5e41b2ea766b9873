// SPDX-License-Identifier: MIT
/*
 * The symbol table as a source of names: functions without lines, for files without debug
 * information. libdwfl finds the table: .symtab, that of a separate debug file, .gnu_debugdata,
 * else .dynsym. Only a symbol that covers the address counts, because in a stripped file the
 * nearest symbol before it is another function.
 */
#include <errno.h>
#include <gelf.h>

#include "symbol_index.h"

/* Symbols of assembly often have no size. They count if there is a whole symbol table, because then
 * the next function has a symbol, too. */
static bool has_whole_table(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			return true;
	return false;
}

const char *symbol_at(const struct module_file *file, uint64_t address)
{
	GElf_Off offset = 0;
	GElf_Sym symbol;
	const char *name = symbol_index_find(file, address, &offset, &symbol);

	if (!name || !*name)
		return NULL;
	if (symbol.st_size ? offset < symbol.st_size : has_whole_table(file->elf))
		return name;
	return NULL;
}

static int symbols_open(const struct module_file *file, void **state)
{
	if (dwfl_module_getsymtab(file->dwfl) <= 0)
		return -ENOENT;
	*state = (void *)file;
	return 0;
}

static bool symbols_find(void *state, uint64_t address, struct answer *answer)
{
	const char *name = symbol_at(state, address);

	if (name)
		answer_add(answer, name, NULL, 0, 0, false);
	return name != NULL;
}

static void symbols_close(void *state)
{
}

const struct name_source source_symbols = {
	.name = "symbol table",
	.open = symbols_open,
	.find = symbols_find,
	.close = symbols_close,
};
