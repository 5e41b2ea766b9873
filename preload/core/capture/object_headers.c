// SPDX-License-Identifier: MIT
/* See object_headers.h. */
#include "object_headers.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "preload/core/base/build_id.h"
#include "preload/core/base/read_safely.h"

enum {
	PAGE = 4096, /* the smallest page size */
	HEADERS = 16,
	NOTES = 256, /* bytes of a segment of notes to read */
};

bool object_take(bool closing, void *to, uintptr_t from, size_t size)
{
	if (closing)
		return read_mapped(to, (const void *)from, size);
	memcpy(to, (const void *)from, size);
	return true;
}

static void take_build_id(bool closing, struct object *object, uintptr_t start, size_t size)
{
	uint8_t notes[NOTES];
	const uint8_t *id;
	/* The last page of the segment is mapped as a whole. */
	size_t readable = size + (-(start + size) & (PAGE - 1));

	if (readable > sizeof(notes))
		readable = sizeof(notes);
	if (!object_take(closing, notes, start, readable))
		return;
	size_t length = build_id_find(notes, size < readable ? size : readable, readable, &id);
	if (length && length <= MODULE_BUILD_ID_MAX) {
		object->build_id_size = length;
		memcpy(object->build_id, id, length);
	}
}

static void take_segment(struct object *object, const ElfW(Phdr) * header, uintptr_t start)
{
	uintptr_t end = start + header->p_memsz;
	bool is_first = object->start == object->end;

	if (is_first || (start & -(uintptr_t)PAGE) < object->start)
		object->start = start & -(uintptr_t)PAGE;
	if (is_first || end > object->end)
		object->end = end;
	if (!(header->p_flags & PF_W) && object->constants < OBJECT_SEGMENTS) {
		object->constant[object->constants].start = start;
		object->constant[object->constants++].end = end;
	}
}

/* Takes what these program headers tell. */
static void take_headers(bool closing, struct object *object, const ElfW(Phdr) * headers,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const ElfW(Phdr) *header = &headers[i];
		uintptr_t start = object->bias + header->p_vaddr;

		if (header->p_type == PT_LOAD)
			take_segment(object, header, start);
		else if (header->p_type == PT_NOTE && !object->build_id_size)
			take_build_id(closing, object, start, header->p_memsz);
		else if (header->p_type == PT_GNU_EH_FRAME)
			object->unwind_table = start;
	}
}

bool object_headers_read(bool closing, struct object *object, uintptr_t start)
{
	ElfW(Phdr) headers[HEADERS];
	ElfW(Ehdr) elf;

	if (!address_readable(start) || !object_take(closing, &elf, start, sizeof(elf)) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_phentsize != sizeof(*headers) ||
	    elf.e_phoff + elf.e_phnum * sizeof(*headers) > PAGE)
		return false;
	uintptr_t from = start + elf.e_phoff;
	for (size_t i = 0, count; i < elf.e_phnum; i += count) {
		count = elf.e_phnum - i < HEADERS ? elf.e_phnum - i : HEADERS;
		if (!object_take(closing, headers, from + i * sizeof(*headers),
				 count * sizeof(*headers)))
			return false;
		take_headers(closing, object, headers, count);
	}
	return true;
}

/* If the dynamic linker was executed itself, with the program as an argument, it corrects the
 * address that the kernel has passed. */
bool object_headers_of_program(bool closing, struct object *object, uintptr_t address)
{
	uintptr_t start = getauxval(AT_PHDR);
	size_t count = getauxval(AT_PHNUM), size = count * sizeof(ElfW(Phdr));
	const ElfW(Phdr) *headers = (const void *)start;

	if (!start || getauxval(AT_PHENT) != sizeof(*headers) || !count || size > PAGE ||
	    !address_readable(start) || !address_readable(start + size - 1))
		return false;
	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_LOAD &&
		    (!address ||
		     address - (object->bias + headers[i].p_vaddr) < headers[i].p_memsz)) {
			take_headers(closing, object, headers, count);
			return true;
		}
	return false;
}
