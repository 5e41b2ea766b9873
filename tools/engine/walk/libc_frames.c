// SPDX-License-Identifier: MIT
/*
 * See libc_frames.h. In a static program a function counts as the C library's if the preload hooks
 * a function of that name, or if C reserves the name (C11, 7.1.3: two underscores, or one and a
 * capital), except mangled names of C++ and Rust.
 */
#include "libc_frames.h"

#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/c_library.h"
#include "preload/core/base/elf_interp.h"
#include "preload/core/base/sorted_starts.h"

struct function {
	uint64_t start, size; /* first: starts_until */
	bool library;
};

struct libc_frames {
	unsigned int users;
	size_t count;
	struct function functions[]; /* sorted by start */
};

static const char *const hooked[] = {
#define NAME(function)             #function,
#define NAME_LIKE(function, other) #function,
#include "preload/libc/names.h"
#undef NAME
#undef NAME_LIKE
};

static bool is_library(const char *name)
{
	if (name[0] == '_' && (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z')))
		return name[1] != 'Z' && name[1] != 'R';
	for (size_t i = 0; i < sizeof(hooked) / sizeof(*hooked); i++)
		if (strcmp(hooked[i], name) == 0)
			return true;
	return false;
}

static int by_start(const void *a, const void *b)
{
	const struct function *one = a, *other = b;

	return one->start < other->start ? -1 : one->start > other->start;
}

/* Merges the aliases of a function: one of the names, as `socket` of `__socket`, may tell that it
 * is the library's. */
static void unite(struct libc_frames *libc_frames)
{
	size_t kept = 0;

	if (libc_frames->count)
		qsort(libc_frames->functions, libc_frames->count, sizeof(*libc_frames->functions),
		      by_start);
	for (size_t i = 0; i < libc_frames->count; i++) {
		struct function *last = kept ? &libc_frames->functions[kept - 1] : NULL;

		if (last && last->start == libc_frames->functions[i].start)
			last->library |= libc_frames->functions[i].library;
		else
			libc_frames->functions[kept++] = libc_frames->functions[i];
	}
	libc_frames->count = kept;
}

static struct libc_frames *read_symbols(Elf *elf, Elf_Scn *section)
{
	GElf_Shdr header;
	GElf_Sym symbol;
	Elf_Data *data = elf_getdata(section, NULL);

	if (!data || !gelf_getshdr(section, &header))
		return NULL;
	size_t most = data->d_size / sizeof(Elf64_Sym);
	struct libc_frames *libc_frames =
		malloc(sizeof(*libc_frames) + most * sizeof(*libc_frames->functions));
	if (!libc_frames)
		return NULL;
	libc_frames->users = 1;
	libc_frames->count = 0;
	for (size_t i = 0; i < most && gelf_getsym(data, (int)i, &symbol); i++) {
		const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);

		if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC && name)
			libc_frames->functions[libc_frames->count++] = (struct function){
				symbol.st_value, symbol.st_size, is_library(name)};
	}
	unite(libc_frames);
	return libc_frames;
}

struct libc_frames *libc_frames_create(int fd)
{
	struct libc_frames *libc_frames = NULL;
	Elf_Scn *section = NULL;
	Elf64_Phdr interp;
	GElf_Shdr header;

	if (elf_interp_find(fd, &interp) != 0)
		return NULL;
	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	while (elf && !libc_frames && (section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			libc_frames = read_symbols(elf, section);
	elf_end(elf);
	return libc_frames;
}

struct libc_frames *libc_frames_share(struct libc_frames *libc_frames)
{
	if (libc_frames)
		libc_frames->users++;
	return libc_frames;
}

void libc_frames_release(struct libc_frames *libc_frames)
{
	if (libc_frames && --libc_frames->users == 0)
		free(libc_frames);
}

static bool in_library(const struct libc_frames *libc_frames, uint64_t address)
{
	size_t until = starts_until(libc_frames->functions, libc_frames->count,
				    sizeof(*libc_frames->functions), address);

	if (!until)
		return false;
	const struct function *function = &libc_frames->functions[until - 1];
	return function->library && (!function->size || address - function->start < function->size);
}

uint32_t libc_frames_count(const struct libc_frames *libc_frames,
			   const struct module_table *modules, const frame_t *frames,
			   uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t id = FRAME_MODULE(frames[i]);
		const struct module *module =
			id <= MODULE_LIMIT ? module_table_get(modules, id) : NULL;

		if (!module)
			return i;
		if (module->is_main
			    ? !libc_frames || !in_library(libc_frames, FRAME_OFFSET(frames[i]))
			    : !c_library_is(module->path))
			return i;
	}
	return 0;
}
