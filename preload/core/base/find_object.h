// SPDX-License-Identifier: MIT
/*
 * _dl_find_object(3), which glibc has since 2.35: it finds the loaded object at an address without
 * a lock, and may be called anywhere. It is looked up at run time, so that one library works with
 * older C libraries, too.
 */
#pragma once

#include <link.h>

/* As the C library lays it out (<dlfcn.h>; on this processor there is no member dlfo_eh_dbase). */
struct found_object {
	unsigned long long flags;
	void *map_start, *map_end;
	struct link_map *link_map;
	void *eh_frame;
	unsigned long long reserved[7];
};

/* Returns 0, or -1 if no object lies at address. NULL: the C library has no such function, or
 * find_object_start has not been called. */
extern int (*find_object)(void *address, struct found_object *found);

/* Looks the function up, unless it has been found. If the C library lacks it, dlsym allocates. So
 * this is for the constructor; and for a hook that runs before it, if the C library is 2.35 or
 * later. */
void find_object_start(void);
