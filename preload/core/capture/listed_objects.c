// SPDX-License-Identifier: MIT
/* See listed_objects.h. */
#include "listed_objects.h"

#include <link.h>
#include <string.h>

#include "preload/core/base/read_safely.h"
#include "object_headers.h"

enum {
	COPIES = 512,
	NAMES = 64 * 1024, /* bytes of their paths */
	NAME_PART = 64,    /* bytes of a path to read at once; divides a page */
	TRIES = 4,         /* to read a list that another thread changes */
};

static struct copy {
	const void *section; /* the address of its dynamic section, by which it is known */
	struct object object;
} copies[COPIES];
static unsigned int copied;
static char names[NAMES];
static size_t names_used;

static bool is_copied(const struct link_map *map)
{
	for (unsigned int i = 0; i < copied; i++)
		if (copies[i].section == map->l_ld && copies[i].object.bias == map->l_addr)
			return true;
	return false;
}

/* Copies the path at from to the end of names. NULL: it can't be read, or there is no room. */
static const char *copy_name(const char *from)
{
	size_t length = 0;

	for (;;) {
		char *to = names + names_used + length;
		size_t size = NAME_PART - (uintptr_t)(from + length) % NAME_PART;

		if (size > sizeof(names) - names_used - length ||
		    !read_mapped(to, from + length, size))
			return NULL;
		if (memchr(to, '\0', size)) {
			const char *name = names + names_used;

			names_used += length + strlen(to) + 1;
			return name;
		}
		length += size;
	}
}

/* Copies an object. One that was not made to lie anywhere, like a library that was given an address
 * when it was linked, has no ELF header at its bias, and is left out. */
static void copy(const struct link_map *map, bool is_program)
{
	struct copy *next = &copies[copied];

	*next = (struct copy){.section = map->l_ld, .object.bias = map->l_addr};
	next->object.is_main = is_program;
	if (!(is_program ? object_headers_of_program(true, &next->object, 0)
			 : object_headers_read(true, &next->object, map->l_addr)))
		return;
	next->object.path = map->l_name ? copy_name(map->l_name) : "";
	if (next->object.path)
		copied++;
}

/* Copies what is new in the list. False: another thread has changed it meanwhile. */
static bool copy_new(void)
{
	const struct link_map *at = _r_debug.r_map, *before = NULL;
	struct link_map map;

	while (at) {
		if (!read_mapped(&map, at, sizeof(map)) || map.l_prev != before)
			return false;
		if (!is_copied(&map)) {
			if (copied == COPIES)
				return true;
			copy(&map, !before);
		}
		before = at;
		at = map.l_next;
	}
	return true;
}

static void look_again(void)
{
	for (int tries = 0; tries < TRIES && !copy_new(); tries++)
		;
}

void listed_objects_restart(void)
{
	copied = 0;
	names_used = 0;
	look_again();
}

static bool find(uintptr_t address, struct object *object)
{
	for (unsigned int i = copied; i-- > 0;)
		if (address >= copies[i].object.start && address < copies[i].object.end) {
			*object = copies[i].object;
			return true;
		}
	return false;
}

bool listed_objects_find(uintptr_t address, struct object *object)
{
	if (find(address, object))
		return true;
	look_again();
	return find(address, object);
}
