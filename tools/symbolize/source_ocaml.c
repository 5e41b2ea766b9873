// SPDX-License-Identifier: MIT
/*
 * OCaml's frame tables (ocaml_frames.h) as a source of names. It is tried before DWARF, because
 * OCaml's DWARF has no inlining: a call in a small function of the standard library would have the
 * library's line in the caller's function.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "elf_file.h"
#include "ocaml_frames.h"
#include "source.h"
#include "source_path.h"

struct ocaml_source {
	const struct module_file *file;
	void *bytes;
	size_t size;
	struct ocaml_frames *frames;
};

/* The address of a symbol; 0: there is none. */
static uint64_t symbol_address(const struct module_file *file, const char *wanted)
{
	int count = dwfl_module_getsymtab(file->dwfl);

	for (int i = 0; i < count; i++) {
		GElf_Sym symbol;
		const char *name = dwfl_module_getsym(file->dwfl, i, &symbol, NULL);

		if (name && symbol.st_shndx != SHN_UNDEF && strcmp(name, wanted) == 0)
			return symbol.st_value;
	}
	return 0;
}

static void ocaml_close(void *state)
{
	struct ocaml_source *source = state;

	ocaml_frames_destroy(source->frames);
	munmap(source->bytes, source->size);
	free(source);
}

static int ocaml_open(const struct module_file *file, void **state)
{
	/* In a debug file the tables have no bytes. */
	uint64_t tables = file->is_debug_only ? 0 : symbol_address(file, "caml_frametable");
	struct ocaml_source *source;
	int result;

	if (!tables)
		return -ENOENT;
	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	source->file = file;
	result = elf_file_map(file->fd, &source->bytes, &source->size);
	if (result < 0) {
		free(source);
		return result;
	}
	source->frames = ocaml_frames_create(source->bytes, source->size, tables);
	if (!source->frames) {
		result = errno ? -errno : -ENOENT;
		ocaml_close(source);
		return result;
	}
	*state = source;
	return 0;
}

/* The folder that the compiler ran in for the code at this address, or NULL. */
static const char *compilation_folder(const struct module_file *file, uint64_t address)
{
	Dwarf_Addr bias;
	Dwarf_Die *unit = dwfl_module_addrdie(file->dwfl, address, &bias);
	Dwarf_Attribute attribute;

	return unit ? dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute)) : NULL;
}

static bool ocaml_find(void *state, uint64_t address, struct answer *answer)
{
	struct ocaml_source *source = state;
	struct ocaml_location locations[OCAML_LOCATIONS_MAX];
	/* Frames have the address of the call's last byte, tables that of the next instruction.
	 * OCaml 5's caml_c_call has the unwind data of a signal frame, whose caller's address is
	 * that of the next instruction, too. */
	size_t count = ocaml_frames_locations(source->frames, address + 1, locations);
	if (!count)
		count = ocaml_frames_locations(source->frames, address, locations);
	const char *folder = count ? compilation_folder(source->file, address) : NULL;

	for (size_t i = 0; i < count; i++) {
		const struct ocaml_location *at = &locations[i];
		bool inlined = i + 1 < count;
		/* A function of another file may have been compiled in another folder. */
		bool same_file = strcmp(at->file, locations[count - 1].file) == 0;
		char path[SOURCE_PATH_MAX];

		answer_add(answer,
			   *at->function || inlined ? at->function
						    : symbol_at(source->file, address),
			   same_file ? source_path(path, folder, at->file) : at->file, at->line,
			   at->column, inlined);
	}
	return count > 0;
}

const struct name_source source_ocaml = {
	.name = "frame tables",
	.open = ocaml_open,
	.find = ocaml_find,
	.close = ocaml_close,
};
