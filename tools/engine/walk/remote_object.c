// SPDX-License-Identifier: MIT
/* See remote_object.h. */
#include "remote_object.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/build_id.h"
#include "unwind_section.h"

enum {
	HEADERS_MAX = 64, /* program headers; linkers write about 12 */
	NOTES_MAX = 4096,
	PAGE = 4096,
};

#define TABLE_ENCODINGS                                                                            \
	0x3b031b01u /* the encodings that the walker can search: preload/core/capture/unwinder.c */

struct headers {
	Elf64_Ehdr elf;
	Elf64_Phdr list[HEADERS_MAX];
	size_t count;
};

/* Reads the ELF header at start and the program headers after it. */
static bool read_headers(struct remote_memory *memory, uintptr_t start, struct headers *headers)
{
	const Elf64_Ehdr *elf = &headers->elf;

	if (remote_memory_copy(memory, start, &headers->elf, sizeof(*elf)) != sizeof(*elf) ||
	    memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 || elf->e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf->e_phentsize != sizeof(*headers->list) || elf->e_phnum > HEADERS_MAX ||
	    elf->e_phoff > PAGE)
		return false;
	headers->count = elf->e_phnum;
	size_t size = headers->count * sizeof(*headers->list);
	return remote_memory_copy(memory, start + elf->e_phoff, headers->list, size) == size;
}

/* Fills in where the parts of the object lie whose ELF header is at start. False: address is in
 * none of them, so another object begins at start. */
static bool take_segments(struct object *object, const struct headers *headers, uintptr_t start,
			  uintptr_t address)
{
	uintptr_t first = UINTPTR_MAX, last = 0;
	bool based = false, holds = false;

	for (size_t i = 0; i < headers->count; i++) {
		const Elf64_Phdr *header = &headers->list[i];

		if (header->p_type != PT_LOAD)
			continue;
		if (!based) /* the first one begins with the ELF header */
			object->bias = start - (header->p_vaddr - header->p_offset);
		based = true;
		uintptr_t from = object->bias + header->p_vaddr, to = from + header->p_memsz;
		if (to < from)
			return false;
		first = from < first ? from : first;
		last = to > last ? to : last;
		holds |= address >= from && address < to;
		if (header->p_flags & PF_X && !object->code_end) {
			object->code_start = from;
			object->code_end = to;
		}
		/* Keep one place for a table that we build. */
		if (!(header->p_flags & PF_W) && object->constants < OBJECT_SEGMENTS - 1) {
			object->constant[object->constants].start = from;
			object->constant[object->constants++].end = to;
		}
	}
	object->start = first & -(uintptr_t)PAGE;
	object->end = last;
	return holds;
}

static void take_build_id(struct remote_memory *memory, struct object *object, uintptr_t address,
			  uint64_t size)
{
	uint8_t notes[NOTES_MAX + BUILD_ID_BEHIND];
	const uint8_t *id;
	size_t inside = size < NOTES_MAX ? size : NOTES_MAX;
	size_t readable = remote_memory_copy(memory, address, notes, inside + BUILD_ID_BEHIND);
	size_t length = build_id_find(notes, inside, readable, &id);

	if (length && length <= MODULE_BUILD_ID_MAX) {
		object->build_id_size = length;
		memcpy(object->build_id, id, length);
	}
}

/* Whether the .eh_frame_hdr at address has a table that the walker can search. */
static bool searchable(struct remote_memory *memory, uintptr_t address)
{
	uint32_t head[3];

	return address % 4 == 0 &&
	       remote_memory_copy(memory, address, head, sizeof(head)) == sizeof(head) &&
	       head[0] == TABLE_ENCODINGS && head[2];
}

static void build_table(struct remote_object *remote, struct remote_memory *memory,
			const struct mapping *mapping, size_t index)
{
	struct object *object = &remote->object;
	struct unwind_section section;

	if (!unwind_section_read(&section, memory, object, mapping))
		return;
	remote->table = unwind_table_build(section.bytes, section.size, section.address,
					   object->start, &remote->table_size);
	free(section.bytes);
	if (!remote->table)
		return;
	object->unwind_table = TABLE_ADDRESSES + ((uint64_t)index << 32);
	object->unwind_base = object->start;
	object->constant[object->constants].start = object->unwind_table;
	object->constant[object->constants++].end = object->unwind_table + remote->table_size;
}

static bool read_object(struct remote_object *remote, struct remote_memory *memory,
			const struct mapping *mapping, uintptr_t address, uintptr_t entry)
{
	struct object *object = &remote->object;
	struct headers headers;

	memset(object, 0, sizeof(*object));
	if (!read_headers(memory, mapping->start, &headers) ||
	    !take_segments(object, &headers, mapping->start, address))
		return false;
	for (size_t i = 0; i < headers.count; i++) {
		const Elf64_Phdr *header = &headers.list[i];
		uintptr_t at = object->bias + header->p_vaddr;

		if (header->p_type == PT_NOTE && !object->build_id_size)
			take_build_id(memory, object, at, header->p_memsz);
		else if (header->p_type == PT_DYNAMIC)
			remote->dynamic = at;
		else if (header->p_type == PT_GNU_EH_FRAME && searchable(memory, at))
			object->unwind_table = at;
	}
	object->is_main = entry >= object->start && entry < object->end;
	return true;
}

struct remote_object *remote_object_create(struct remote_memory *memory,
					   const struct mappings *mappings, uintptr_t address,
					   uintptr_t entry, size_t index)
{
	const struct mapping *inside = mappings_find(mappings, address), *mapping = inside;

	if (!inside)
		return NULL;
	struct remote_object *remote = calloc(1, sizeof(*remote));
	if (!remote)
		return NULL;
	/* The object's ELF header lies at the beginning of this mapping, or of an earlier one of
	 * the same file. */
	for (; mapping >= mappings->list; mapping--) {
		bool same = mapping->inode == inside->inode && mapping->device == inside->device &&
			    (inside->inode || mapping == inside);

		if (!same || mapping->offset ||
		    !read_object(remote, memory, mapping, address, entry))
			continue;
		/* The loader uses this name, too. */
		bool is_vdso = strcmp(mapping->path, "[vdso]") == 0;
		remote->object.path = strdup(is_vdso ? "linux-vdso.so.1" : mapping->path);
		remote->inode = mapping->inode;
		if (!remote->object.path)
			break;
		if (!remote->object.unwind_table && mapping->inode)
			build_table(remote, memory, mapping, index);
		return remote;
	}
	free(remote);
	return NULL;
}

void remote_object_destroy(struct remote_object *remote)
{
	if (!remote)
		return;
	free((char *)remote->object.path);
	free(remote->table);
	code_rules_destroy(remote->rules);
	free(remote);
}
