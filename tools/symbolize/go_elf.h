// SPDX-License-Identifier: MIT
/*
 * Reads an ELF file for the parsers of Go's and OCaml's tables: loaded bytes by address, and
 * pointers as the loader would set them. In a position-independent program a pointer may be zero
 * in the file, and only its relocation has the value. Only 64-bit little-endian files; every
 * offset and size is checked before use. Called by pclntab.c, pclntab_inline.c, go_build_info.c
 * and ocaml_frames.c.
 */
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_elf_pointer {
	uint64_t address, value;
};

struct go_elf {
	const uint8_t *bytes;
	size_t size;
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segments; /* a copy, because the file may have them at any offset */
	size_t segment_count;
	struct go_elf_pointer *pointers; /* relocated pointers, sorted by address */
	size_t pointer_count;
};

/* Begins to read the file of size bytes, which must stay. 0; -ENOEXEC: not such a file; or
 * -ENOMEM. */
int go_elf_init(struct go_elf *elf, const void *bytes, size_t size);
void go_elf_destroy(struct go_elf *elf);

/* The bytes of the file that are loaded at address, and in size how many follow; NULL: none. */
const uint8_t *go_elf_bytes(const struct go_elf *elf, uint64_t address, uint64_t *size);

/* The pointer at address, relocated. False: nothing of the file is loaded there. */
bool go_elf_pointer(const struct go_elf *elf, uint64_t address, uint64_t *value);

/* Address and size of the section called name, if it lies within the file. False: there is none. */
bool go_elf_section(const struct go_elf *elf, const char *name, uint64_t *address, uint64_t *size);
