// SPDX-License-Identifier: MIT
/*
 * An ELF file as Go's tables need it: its loaded bytes by address, and pointers as the loader would
 * leave them. In a position-independent program the words of a pointer may be zero in the file, and
 * only its relocation has the value. 64-bit little-endian files only; every offset and size in them
 * is checked before use. Called by pclntab.c and pclntab_inline.c.
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
	const Elf64_Phdr *segments; /* copied: the file may have them at any offset */
	size_t segment_count;
	struct go_elf_pointer *pointers; /* relocated ones, by address */
	size_t pointer_count;
};

/* Looks at the file of size bytes, which must stay. 0, -ENOEXEC: not such a file, or -ENOMEM. */
int go_elf_init(struct go_elf *elf, const void *bytes, size_t size);
void go_elf_destroy(struct go_elf *elf);

/* The bytes of the file that are loaded at address, and how many follow; NULL: none. */
const uint8_t *go_elf_bytes(const struct go_elf *elf, uint64_t address, uint64_t *size);

/* The pointer at address, relocated; false when nothing of the file is loaded there. */
bool go_elf_pointer(const struct go_elf *elf, uint64_t address, uint64_t *value);

/* Address and size of the section called name, and within the file; false: there is none. */
bool go_elf_section(const struct go_elf *elf, const char *name, uint64_t *address, uint64_t *size);
