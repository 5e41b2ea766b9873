// SPDX-License-Identifier: MIT
/*
 * See local_memory.h. find_object (glibc 2.35) finds objects; it takes no lock and may be called
 * anywhere. Older C libraries have only dl_iterate_phdr, which takes the loader's lock. With these
 * the objects are copied at start, and again when an address lies in none of the copies.
 */
#include "local_memory.h"

#include <elf.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>

#include "preload/core/base/build_id.h"
#include "preload/core/base/find_object.h"
#include "preload/core/base/read_safely.h"

enum {
	PAGE = 4096, /* the smallest page size; a larger page is only probed more often */
	HEADERS = 16,
	NOTES = 256, /* bytes of a segment of notes to read */
};

static bool page_readable(struct local_memory *local, uintptr_t address)
{
	uintptr_t page = address & -(uintptr_t)PAGE;
	uintptr_t *known = &local->readable[page / PAGE % LOCAL_PAGES];

	if (*known == page)
		return page != 0;
	if (!address_readable(page))
		return false;
	*known = page;
	return true;
}

static bool local_read(struct memory *memory, uintptr_t address, uintptr_t *word)
{
	struct local_memory *local = (struct local_memory *)memory;

	if (!page_readable(local, address) || !page_readable(local, address + sizeof(*word) - 1))
		return false;
	memcpy(word, (const void *)address, sizeof(*word));
	return true;
}

/* Copies what belongs to an object. */
static bool take(bool closing, void *to, uintptr_t from, size_t size)
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
	if (!take(closing, notes, start, readable))
		return;
	size_t length = build_id_find(notes, size < readable ? size : readable, readable, &id);
	if (length && length <= MODULE_BUILD_ID_MAX) {
		object->build_id_size = length;
		memcpy(object->build_id, id, length);
	}
}

/* Takes what these program headers tell. */
static void take_headers(bool closing, struct object *object, const ElfW(Phdr) * headers,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const ElfW(Phdr) *header = &headers[i];
		uintptr_t start = object->bias + header->p_vaddr;

		if (header->p_type == PT_LOAD && !(header->p_flags & PF_W) &&
		    object->constants < OBJECT_SEGMENTS) {
			object->constant[object->constants].start = start;
			object->constant[object->constants++].end = start + header->p_memsz;
		} else if (header->p_type == PT_NOTE && !object->build_id_size) {
			take_build_id(closing, object, start, header->p_memsz);
		} else if (header->p_type == PT_GNU_EH_FRAME) {
			object->unwind_table = start;
		}
	}
}

/* Reads the ELF header at start. If there are gaps between an object's segments, _dl_find_object()
 * returns one segment only (glibc's l_contiguous). The ELF header is in the first one: at the bias,
 * if the object can be mapped anywhere. */
static bool take_elf(struct local_memory *local, struct object *object, uintptr_t start)
{
	ElfW(Phdr) headers[HEADERS];
	ElfW(Ehdr) elf;

	if (!page_readable(local, start) || !take(local->closing, &elf, start, sizeof(elf)) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_phentsize != sizeof(*headers) ||
	    elf.e_phoff + elf.e_phnum * sizeof(*headers) > PAGE)
		return false;
	uintptr_t from = start + elf.e_phoff;
	for (size_t i = 0, count; i < elf.e_phnum; i += count) {
		count = elf.e_phnum - i < HEADERS ? elf.e_phnum - i : HEADERS;
		if (!take(local->closing, headers, from + i * sizeof(*headers),
			  count * sizeof(*headers)))
			return false;
		take_headers(local->closing, object, headers, count);
	}
	return true;
}

/* For a program at fixed addresses: its bias is 0, and its ELF header is in its first segment. The
 * kernel passes the address of its program headers; if the dynamic linker was executed itself, with
 * the program as an argument, it corrects that address. */
static bool take_program(struct local_memory *local, struct object *object, uintptr_t address)
{
	struct memory *memory = &local->memory;
	uintptr_t start = getauxval(AT_PHDR), word;
	size_t count = getauxval(AT_PHNUM), size = count * sizeof(ElfW(Phdr));
	const ElfW(Phdr) *headers = (const void *)start;

	if (!start || getauxval(AT_PHENT) != sizeof(*headers) || !count || size > PAGE ||
	    !memory->read(memory, start, &word) ||
	    !memory->read(memory, start + size - sizeof(word), &word))
		return false;
	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_LOAD &&
		    address - (object->bias + headers[i].p_vaddr) < headers[i].p_memsz) {
			take_headers(local->closing, object, headers, count);
			return true;
		}
	return false;
}

/* Fills in the object, if the C library has a function that finds it. */
static bool find_loaded(struct local_memory *local, uintptr_t address, struct object *object)
{
	struct found_object found;
	struct link_map map;
	char first = '\0';

	if (find_object((void *)address, &found) != 0 ||
	    !take(local->closing, &map, (uintptr_t)found.link_map, sizeof(map)) ||
	    (map.l_name && !take(local->closing, &first, (uintptr_t)map.l_name, 1)))
		return false;
	object->start = (uintptr_t)found.map_start;
	object->end = (uintptr_t)found.map_end;
	object->bias = map.l_addr;
	object->path = first ? map.l_name : "";
	object->is_main = !first;
	object->unwind_table = (uintptr_t)found.eh_frame;

	if (!take_elf(local, object, object->start) && !take_elf(local, object, object->bias) &&
	    object->is_main)
		take_program(local, object, address);
	return true;
}

enum { COPIES = 512 };
static struct object copies[COPIES];
static char names[64 * 1024];
static size_t names_used;
static _Atomic unsigned int copied;

static int copy_object(struct dl_phdr_info *info, size_t size, void *data)
{
	unsigned int *count = data;
	struct object object = {.bias = info->dlpi_addr, .start = UINTPTR_MAX};
	size_t length = strlen(info->dlpi_name) + 1;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type != PT_LOAD)
			continue;
		if (start < object.start)
			object.start = start & -(uintptr_t)PAGE;
		if (start + header->p_memsz > object.end)
			object.end = start + header->p_memsz;
	}
	for (unsigned int i = 0; i < *count; i++)
		if (copies[i].start == object.start && copies[i].end == object.end)
			return 0;
	if (*count == COPIES || names_used + length > sizeof(names))
		return 1;
	object.path = memcpy(names + names_used, info->dlpi_name, length);
	names_used += length;
	object.is_main = *count == 0;
	take_headers(false, &object, info->dlpi_phdr, info->dlpi_phnum);
	copies[(*count)++] = object;
	return 0;
}

static void copy_objects(void)
{
	unsigned int count = atomic_load(&copied);

	dl_iterate_phdr(copy_object, &count);
	atomic_store(&copied, count);
}

void local_memory_start(void)
{
	find_object_start();
	if (!find_object)
		copy_objects();
}

void local_memory_restart(void)
{
	if (find_object)
		return;
	atomic_store(&copied, 0);
	names_used = 0;
	copy_objects();
}

static bool find_copy(uintptr_t address, struct object *object)
{
	for (unsigned int i = atomic_load(&copied); i-- > 0;)
		if (address >= copies[i].start && address < copies[i].end) {
			*object = copies[i];
			return true;
		}
	return false;
}

static bool local_find(struct memory *memory, uintptr_t address, struct object *object)
{
	memset(object, 0, sizeof(*object));
	if (find_object)
		return find_loaded((struct local_memory *)memory, address, object);
	if (find_copy(address, object))
		return true;
	/* This takes the loader's lock while the walk holds the capture lock. It can't deadlock,
	 * because waiting for the capture lock has an end: a thread that holds the loader's lock
	 * and waits for the capture lock gives up. */
	copy_objects();
	return find_copy(address, object);
}

void local_memory_init(struct local_memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	memory->memory.read = local_read;
	memory->memory.find = local_find;
}
