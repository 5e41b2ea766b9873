// SPDX-License-Identifier: MIT
/*
 * The objects of the loader's list, for C libraries without _dl_find_object (find_object.h). They
 * are copied, by the kernel, and without the loader's lock: the program may hold that lock where it
 * opens something (in a callback of dl_iterate_phdr(3)) and wait for a walk that would wait for it.
 * The caller must hold the capture lock. Async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "local_memory.h"

/* Fills in the object that address lies in. Looks at the list again if it is in none of the copies.
 * False: there is none, or the list could not be read. */
bool listed_objects_find(uintptr_t address, struct object *object);

/* Copies the objects anew: one may have been unloaded, and another have taken its place. */
void listed_objects_restart(void);
