// SPDX-License-Identifier: MIT
/* See go_elf.h. */
#include "go_elf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SEGMENTS_MAX = 64,
	SECTIONS_MAX = 4096,
};

/* Whether size bytes lie at offset in the file. */
static bool inside(const struct go_elf *elf, uint64_t offset, uint64_t size)
{
	return offset <= elf->size && size <= elf->size - offset;
}

static int compare_pointers(const void *left, const void *right)
{
	const struct go_elf_pointer *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

/* Reads the relative relocations of the dynamic section's DT_RELA table: their addend is the
 * value. */
static int take_relocations(struct go_elf *elf, const Elf64_Phdr *dynamic)
{
	uint64_t table = 0, table_size = 0, available;

	if (!inside(elf, dynamic->p_offset, dynamic->p_filesz))
		return 0;
	for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic->p_filesz;
	     at += sizeof(Elf64_Dyn)) {
		Elf64_Dyn entry;

		memcpy(&entry, elf->bytes + dynamic->p_offset + at, sizeof(entry));
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_RELA)
			table = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_RELASZ)
			table_size = entry.d_un.d_val;
	}

	const uint8_t *bytes = table ? go_elf_bytes(elf, table, &available) : NULL;
	if (!bytes)
		return 0;
	size_t count = (table_size < available ? table_size : available) / sizeof(Elf64_Rela);
	if (count == 0)
		return 0;
	elf->pointers = malloc(count * sizeof(*elf->pointers));
	if (!elf->pointers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		Elf64_Rela entry;
		uint32_t type;

		memcpy(&entry, bytes + i * sizeof(entry), sizeof(entry));
		type = (uint32_t)ELF64_R_TYPE(entry.r_info);
		if (type ==
		    (elf->header->e_machine == EM_AARCH64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE))
			elf->pointers[elf->pointer_count++] =
				(struct go_elf_pointer){entry.r_offset, (uint64_t)entry.r_addend};
	}
	qsort(elf->pointers, elf->pointer_count, sizeof(*elf->pointers), compare_pointers);
	return 0;
}

int go_elf_init(struct go_elf *elf, const void *bytes, size_t size)
{
	const Elf64_Ehdr *header = bytes;
	Elf64_Phdr *segments;

	*elf = (struct go_elf){.bytes = bytes, .size = size, .header = header};
	if (size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
	    header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum > SEGMENTS_MAX ||
	    !inside(elf, header->e_phoff, header->e_phnum * sizeof(Elf64_Phdr)))
		return -ENOEXEC;
	segments = malloc((header->e_phnum + 1u) * sizeof(*segments));
	if (!segments)
		return -ENOMEM;
	memcpy(segments, elf->bytes + header->e_phoff, header->e_phnum * sizeof(*segments));
	elf->segments = segments;
	elf->segment_count = header->e_phnum;
	for (size_t i = 0; i < elf->segment_count; i++)
		if (segments[i].p_type == PT_DYNAMIC && !elf->pointers &&
		    take_relocations(elf, &segments[i]) < 0) {
			go_elf_destroy(elf);
			return -ENOMEM;
		}
	return 0;
}

void go_elf_destroy(struct go_elf *elf)
{
	free((void *)elf->segments);
	free(elf->pointers);
	*elf = (struct go_elf){0};
}

const uint8_t *go_elf_bytes(const struct go_elf *elf, uint64_t address, uint64_t *size)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const Elf64_Phdr *segment = &elf->segments[i];

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
		    address - segment->p_vaddr >= segment->p_filesz ||
		    !inside(elf, segment->p_offset, segment->p_filesz))
			continue;
		*size = segment->p_filesz - (address - segment->p_vaddr);
		return elf->bytes + segment->p_offset + (address - segment->p_vaddr);
	}
	return NULL;
}

bool go_elf_pointer(const struct go_elf *elf, uint64_t address, uint64_t *value)
{
	struct go_elf_pointer key = {.address = address}, *found = NULL;
	uint64_t size;
	const uint8_t *bytes = go_elf_bytes(elf, address, &size);

	if (!bytes || size < sizeof(*value))
		return false;
	if (elf->pointer_count)
		found = bsearch(&key, elf->pointers, elf->pointer_count, sizeof(key),
				compare_pointers);
	if (found)
		*value = found->value;
	else
		memcpy(value, bytes, sizeof(*value));
	return true;
}

bool go_elf_section(const struct go_elf *elf, const char *name, uint64_t *address, uint64_t *size)
{
	const Elf64_Ehdr *header = elf->header;
	size_t count = header->e_shnum, length = strlen(name) + 1;
	Elf64_Shdr names, section;

	if (header->e_shentsize != sizeof(section) || count > SECTIONS_MAX ||
	    header->e_shstrndx >= count || !inside(elf, header->e_shoff, count * sizeof(section)))
		return false;
	memcpy(&names, elf->bytes + header->e_shoff + header->e_shstrndx * sizeof(names),
	       sizeof(names));
	if (!inside(elf, names.sh_offset, names.sh_size))
		return false;
	for (size_t i = 0; i < count; i++) {
		memcpy(&section, elf->bytes + header->e_shoff + i * sizeof(section),
		       sizeof(section));
		if (section.sh_name >= names.sh_size || names.sh_size - section.sh_name < length ||
		    memcmp(elf->bytes + names.sh_offset + section.sh_name, name, length) != 0)
			continue;
		if (section.sh_type == SHT_NOBITS ||
		    !inside(elf, section.sh_offset, section.sh_size))
			return false;
		*address = section.sh_addr;
		*size = section.sh_size;
		return true;
	}
	return false;
}
