// SPDX-License-Identifier: MIT
/* See find_object.h. */
#include "find_object.h"

#include <dlfcn.h>

#include "first_version.h"

FIRST_VERSION(dlsym);
FIRST_VERSION(dlerror);

int (*find_object)(void *address, struct found_object *found);

void find_object_start(void)
{
#ifndef FDTRAIL_NO_DL_FIND_OBJECT
	if (find_object)
		return;
	find_object = (__typeof__(find_object))dlsym(RTLD_NEXT, "_dl_find_object");
	if (!find_object)
		dlerror(); /* clears our error: the program may call dlerror for its own calls */
#endif
}
