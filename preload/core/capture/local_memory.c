// SPDX-License-Identifier: MIT
/*
 * See local_memory.h. find_object (glibc 2.35) finds objects; it takes no lock and may be called
 * anywhere. With older C libraries the loader's list is read.
 */
#include "local_memory.h"

#include <link.h>
#include <string.h>

#include "preload/core/base/find_object.h"
#include "preload/core/base/read_safely.h"
#include "listed_objects.h"
#include "object_headers.h"

enum { PAGE = 4096 }; /* the smallest page size; a larger page is only probed more often */

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

/* Fills in the object, if the C library has a function that finds it. */
static bool find_loaded(bool closing, uintptr_t address, struct object *object)
{
	struct found_object found;
	struct link_map map;
	char first = '\0';

	if (find_object((void *)address, &found) != 0 ||
	    !object_take(closing, &map, (uintptr_t)found.link_map, sizeof(map)) ||
	    (map.l_name && !object_take(closing, &first, (uintptr_t)map.l_name, 1)))
		return false;
	uintptr_t start = (uintptr_t)found.map_start;
	object->bias = map.l_addr;
	object->path = first ? map.l_name : "";
	object->is_main = !first;
	object->unwind_table = (uintptr_t)found.eh_frame;
	/* If there are gaps between an object's segments, _dl_find_object() returns one segment
	 * only (glibc's l_contiguous). The ELF header is in the first one: at the bias, if the
	 * object can be mapped anywhere. A program at fixed addresses has the bias 0, and its ELF
	 * header in its first segment. */
	if (!object_headers_read(closing, object, start) &&
	    !object_headers_read(closing, object, map.l_addr) && object->is_main)
		object_headers_of_program(closing, object, address);
	object->start = start;
	object->end = (uintptr_t)found.map_end;
	return true;
}

static bool local_find(struct memory *memory, uintptr_t address, struct object *object)
{
	memset(object, 0, sizeof(*object));
	return find_object ? find_loaded(((struct local_memory *)memory)->closing, address, object)
			   : listed_objects_find(address, object);
}

void local_memory_restart(void)
{
	if (!find_object)
		listed_objects_restart();
}

void local_memory_init(struct local_memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	memory->memory.read = local_read;
	memory->memory.find = local_find;
}
