// SPDX-License-Identifier: MIT
/* See symbol_table.h. The formats are those of elf(5) and of the System V ABI, chapter 5. */
#include "symbol_table.h"

#include <string.h>

enum {
	SECTIONS_MAX = 1 << 16,
	DYNAMIC_MAX = 512,  /* most entries of a dynamic section that are read */
	HASH_MAX = 1 << 22, /* most buckets and chain links of a hash table that are read */
};

static bool in_file(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

/* Reads the section headers into scratch memory. The first one may hold the count (elf(5),
 * e_shnum). */
static const Elf64_Shdr *read_sections(const struct image *image, uint32_t *count,
				       struct scratch *scratch)
{
	const Elf64_Ehdr *header = &image->header;
	uint64_t number = header->e_shnum;
	Elf64_Shdr first;

	if (header->e_shentsize != sizeof(first) || !header->e_shoff ||
	    !in_file(image, header->e_shoff, sizeof(first)) ||
	    !image_read(image, header->e_shoff, &first, sizeof(first)))
		return NULL;
	if (number == 0)
		number = first.sh_size;
	if (number == 0 || number > SECTIONS_MAX ||
	    !in_file(image, header->e_shoff, number * sizeof(first)))
		return NULL;

	Elf64_Shdr *sections = scratch_array(scratch, number, sizeof(*sections));
	if (!sections || !image_read(image, header->e_shoff, sections, number * sizeof(*sections)))
		return NULL;
	*count = (uint32_t)number;
	return sections;
}

static bool use_section(struct symbol_table *table, uint32_t type)
{
	for (uint32_t i = 0; i < table->section_count; i++) {
		const Elf64_Shdr *symbols = &table->sections[i];

		if (symbols->sh_type != type || symbols->sh_entsize != sizeof(Elf64_Sym) ||
		    symbols->sh_link >= table->section_count ||
		    !in_file(&table->image, symbols->sh_offset, symbols->sh_size))
			continue;
		const Elf64_Shdr *names = &table->sections[symbols->sh_link];
		if (names->sh_type != SHT_STRTAB ||
		    !in_file(&table->image, names->sh_offset, names->sh_size))
			continue;
		table->symbols = symbols->sh_offset;
		table->count = symbols->sh_size / sizeof(Elf64_Sym);
		table->names = names->sh_offset;
		table->names_size = names->sh_size;
		return table->count > 1;
	}
	return false;
}

bool symbol_table_of_file(struct symbol_table *table, struct scratch *scratch)
{
	table->section_count = 0;
	table->sections = read_sections(&table->image, &table->section_count, scratch);
	table->whole = use_section(table, SHT_SYMTAB);
	return table->whole || use_section(table, SHT_DYNSYM);
}

/* glibc makes the addresses of the dynamic section absolute when it loads a module; musl, and the
 * kernel for the vDSO, don't. */
static uint64_t absolute(const struct image *image, uint64_t pointer)
{
	return pointer >= image->base ? pointer : pointer + image->bias;
}

/* The number of symbols by a GNU hash table. The table doesn't hold it, so this finds the last
 * symbol that it leads to, plus one. */
static uint64_t count_gnu_hash(const struct image *image, uint64_t hash)
{
	uint32_t header[4]; /* buckets, first symbol, words of the bloom filter, shift */
	uint32_t last = 0, piece[256];

	if (!image_read(image, hash, header, sizeof(header)) || header[0] > HASH_MAX ||
	    header[2] > HASH_MAX)
		return 0;

	uint64_t buckets = hash + sizeof(header) + header[2] * sizeof(uint64_t);
	uint64_t chains = buckets + header[0] * sizeof(uint32_t);
	for (uint32_t at = 0; at < header[0];) {
		size_t wanted = header[0] - at < 256 ? header[0] - at : 256;
		if (!image_read(image, buckets + at * sizeof(uint32_t), piece,
				wanted * sizeof(uint32_t)))
			return 0;
		for (size_t i = 0; i < wanted; i++)
			if (piece[i] > last)
				last = piece[i];
		at += (uint32_t)wanted;
	}
	if (last < header[1])
		return header[1];
	for (uint32_t steps = 0; steps < HASH_MAX; steps++, last++) {
		uint32_t link;
		if (!image_read(image, chains + (uint64_t)(last - header[1]) * sizeof(link), &link,
				sizeof(link)))
			return 0;
		if (link & 1)
			return (uint64_t)last + 1;
	}
	return 0;
}

static uint64_t count_hash(const struct image *image, uint64_t hash)
{
	uint32_t header[2]; /* buckets, chain links: one for each symbol */

	if (!image_read(image, hash, header, sizeof(header)) || header[1] > HASH_MAX)
		return 0;
	return header[1];
}

static bool find_dynamic(const struct image *image, uint64_t *address)
{
	Elf64_Phdr segment;

	for (unsigned int i = 0; image_segment(image, i, &segment); i++)
		if (segment.p_type == PT_DYNAMIC) {
			*address = segment.p_vaddr + image->bias;
			return true;
		}
	return false;
}

bool symbol_table_of_memory(struct symbol_table *table)
{
	const struct image *image = &table->image;
	uint64_t dynamic, hash = 0, gnu_hash = 0;

	table->symbols = table->names = table->names_size = 0;
	table->sections = NULL;
	table->section_count = 0;
	table->whole = false;
	if (!find_dynamic(image, &dynamic))
		return false;
	for (unsigned int i = 0; i < DYNAMIC_MAX; i++) {
		Elf64_Dyn entry;

		if (!image_read(image, dynamic + i * sizeof(entry), &entry, sizeof(entry)) ||
		    entry.d_tag == DT_NULL)
			break;
		switch (entry.d_tag) {
		case DT_SYMTAB:
			table->symbols = absolute(image, entry.d_un.d_ptr);
			break;
		case DT_STRTAB:
			table->names = absolute(image, entry.d_un.d_ptr);
			break;
		case DT_STRSZ:
			table->names_size = entry.d_un.d_val;
			break;
		case DT_HASH:
			hash = absolute(image, entry.d_un.d_ptr);
			break;
		case DT_GNU_HASH:
			gnu_hash = absolute(image, entry.d_un.d_ptr);
			break;
		default:
			break;
		}
	}
	table->count = hash ? count_hash(image, hash) : 0;
	if (!table->count && gnu_hash)
		table->count = count_gnu_hash(image, gnu_hash);
	return table->symbols && table->names && table->count;
}

bool symbol_table_in_section(const struct symbol_table *table, uint16_t section, uint64_t address)
{
	if (section >= table->section_count)
		return false;

	const Elf64_Shdr *header = &table->sections[section];
	return header->sh_flags & SHF_EXECINSTR && address >= header->sh_addr &&
	       address - header->sh_addr < header->sh_size;
}
