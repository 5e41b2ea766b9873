// SPDX-License-Identifier: MIT
/* See libc_symbols.h. Nothing that is read from the process is trusted. */
#include "libc_symbols.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "preload/arch/machine.h"
#include "preload/core/base/base_name.h"
#include "preload/core/base/sorted_starts.h"
#include "tools/process/process_memory.h"

enum {
	HEADERS_MAX = 32,
	DYNAMIC_MAX = 128,
	SYMBOLS_MAX = 1 << 16,
	NAMES_MAX = 1 << 20,
	CODE_MAX = 64 << 20,
	SYSCALL_SIZE = 64, /* bytes of syscall(2)'s wrapper to look for the instruction in */
};

static bool read_whole(int pid, uintptr_t at, void *bytes, size_t size)
{
	return process_memory_read(pid, at, bytes, size) == size;
}

/* glibc's file is libc.so.6, or before 2.34 a link to libc-2.33.so. */
static bool is_named(const char *path)
{
	const char *name = base_name(path);

	return strcmp(name, "libc.so.6") == 0 ||
	       (strncmp(name, "libc-2.", strlen("libc-2.")) == 0 && strstr(name, ".so"));
}

static int by_start(const void *a, const void *b)
{
	const struct libc_function *one = a, *other = b;

	return one->start < other->start ? -1 : one->start > other->start;
}

/* The addresses of the tables that the dynamic section names. */
struct tables {
	uintptr_t symbols, names, versions;
	size_t names_size;
};

static bool find_tables(int pid, uintptr_t base, const Elf64_Phdr *header, struct tables *tables)
{
	Elf64_Dyn entries[DYNAMIC_MAX];
	size_t got = process_memory_read(pid, base + header->p_vaddr, entries,
					 header->p_memsz < sizeof(entries) ? header->p_memsz
									   : sizeof(entries));

	for (size_t i = 0; i < got / sizeof(*entries) && entries[i].d_tag != DT_NULL; i++) {
		uintptr_t value = entries[i].d_un.d_ptr;
		/* The loader makes addresses absolute. */
		uintptr_t address = value < base ? base + value : value;

		if (entries[i].d_tag == DT_SYMTAB)
			tables->symbols = address;
		else if (entries[i].d_tag == DT_STRTAB)
			tables->names = address;
		else if (entries[i].d_tag == DT_VERSYM)
			tables->versions = address;
		else if (entries[i].d_tag == DT_STRSZ)
			tables->names_size = value;
	}
	/* Linkers put the names right after the symbols, and nothing else tells their number. */
	return tables->symbols && tables->names > tables->symbols && tables->versions &&
	       (tables->names - tables->symbols) / sizeof(Elf64_Sym) < SYMBOLS_MAX &&
	       tables->names_size && tables->names_size < NAMES_MAX;
}

/* Versions with this bit are for programs that were linked long ago: Linux Standard Base, "Symbol
 * Versioning". */
#define HIDDEN 0x8000

static int read_functions(struct libc_symbols *symbols, int pid, uintptr_t base,
			  const struct tables *tables)
{
	size_t count = (tables->names - tables->symbols) / sizeof(Elf64_Sym);
	Elf64_Sym *list = malloc(count * sizeof(*list));
	uint16_t *versions = malloc(count * sizeof(*versions));
	int error = -ENOMEM;

	symbols->names = malloc(tables->names_size + 1);
	symbols->functions = malloc(count * sizeof(*symbols->functions));
	if (!list || !versions || !symbols->names || !symbols->functions)
		goto out;
	error = -EACCES;
	if (!read_whole(pid, tables->symbols, list, count * sizeof(*list)) ||
	    !read_whole(pid, tables->versions, versions, count * sizeof(*versions)) ||
	    !read_whole(pid, tables->names, symbols->names, tables->names_size))
		goto out;
	symbols->names[tables->names_size] = '\0';
	for (size_t i = 0; i < count; i++)
		if (ELF64_ST_TYPE(list[i].st_info) == STT_FUNC && list[i].st_shndx != SHN_UNDEF &&
		    list[i].st_name < tables->names_size && !(versions[i] & HIDDEN))
			symbols->functions[symbols->count++] =
				(struct libc_function){base + list[i].st_value, list[i].st_size,
						       symbols->names + list[i].st_name};
	qsort(symbols->functions, symbols->count, sizeof(*symbols->functions), by_start);
	error = 0;
out:
	free(list);
	free(versions);
	return error;
}

/* The address of these bytes between from and from + size; 0: they aren't there. */
static uintptr_t find_code(int pid, uintptr_t from, size_t size, const uint8_t *bytes,
			   size_t length)
{
	uint8_t *code = from && size < CODE_MAX ? malloc(size) : NULL;
	size_t got = code ? process_memory_read(pid, from, code, size) : 0;
	const uint8_t *found = got ? memmem(code, got, bytes, length) : NULL;
	uintptr_t at = found ? from + (uintptr_t)(found - code) : 0;

	free(code);
	return at;
}

static void find_instructions(struct libc_symbols *symbols, int pid)
{
	/* syscall; cmp $-4095, %rax: the end of syscall(2)'s wrapper, before its return */
	static const uint8_t call[] = {0x0f, 0x05, 0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff};

	symbols->syscall = find_code(pid, libc_symbols_address(symbols, "syscall"), SYSCALL_SIZE,
				     call, sizeof(call));
	symbols->restorer = find_code(pid, symbols->start, symbols->end - symbols->start,
				      machine_restorer, sizeof(machine_restorer));
}

static int read_at(struct libc_symbols *symbols, int pid, uintptr_t base)
{
	Elf64_Phdr headers[HEADERS_MAX];
	struct tables tables = {0};
	bool found = false;
	Elf64_Ehdr elf;

	if (!read_whole(pid, base, &elf, sizeof(elf)))
		return -EACCES;
	if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf.e_phnum > HEADERS_MAX || elf.e_phentsize != sizeof(*headers) ||
	    !read_whole(pid, base + elf.e_phoff, headers, elf.e_phnum * sizeof(*headers)))
		return -ENOENT;
	for (size_t i = 0; i < elf.e_phnum; i++) {
		if (headers[i].p_type == PT_DYNAMIC)
			found = find_tables(pid, base, &headers[i], &tables);
		if (headers[i].p_type == PT_LOAD && headers[i].p_flags & PF_X) {
			symbols->start = base + headers[i].p_vaddr;
			symbols->end = symbols->start + headers[i].p_memsz;
		}
	}
	int error = found ? read_functions(symbols, pid, base, &tables) : -ENOENT;
	if (error)
		return error;
	find_instructions(symbols, pid);
	return libc_symbols_address(symbols, "gnu_get_libc_version") && symbols->syscall &&
			       symbols->restorer
		       ? 0
		       : -ENOENT;
}

int libc_symbols_read(struct libc_symbols *symbols, int pid)
{
	struct mappings mappings;
	int error = mappings_read(&mappings, pid);

	memset(symbols, 0, sizeof(*symbols));
	if (error)
		return error;
	error = -ENOENT;
	for (size_t i = 0; i < mappings.count && error == -ENOENT; i++) {
		if (mappings.list[i].offset || !is_named(mappings.list[i].path))
			continue;
		error = read_at(symbols, pid, mappings.list[i].start);
		if (error)
			libc_symbols_finish(symbols);
	}
	mappings_finish(&mappings);
	return error;
}

bool libc_symbols_fit(const struct libc_symbols *symbols, const struct mappings *mappings)
{
	const struct mapping *mapping = mappings_find(mappings, symbols->start);

	return mapping && mapping->executable && is_named(mapping->path);
}

void libc_symbols_finish(struct libc_symbols *symbols)
{
	free(symbols->functions);
	free(symbols->names);
	memset(symbols, 0, sizeof(*symbols));
}

uintptr_t libc_symbols_address(const struct libc_symbols *symbols, const char *name)
{
	for (size_t i = 0; i < symbols->count; i++)
		if (strcmp(symbols->functions[i].name, name) == 0)
			return symbols->functions[i].start;
	return 0;
}

const char *libc_symbols_name(const struct libc_symbols *symbols, uintptr_t address)
{
	size_t until = starts_until(symbols->functions, symbols->count, sizeof(*symbols->functions),
				    address);
	const struct libc_function *function = until ? &symbols->functions[until - 1] : NULL;

	return function && address - function->start < function->size ? function->name : NULL;
}
