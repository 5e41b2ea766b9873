// SPDX-License-Identifier: MIT
/*
 * dlsym(RTLD_NEXT) that allocates nothing. Before glibc 2.34 the first dlsym of each thread calls
 * calloc, even if it finds the symbol; and the first caller of a hook may be an allocator that
 * opens a file in malloc.
 */
#pragma once

#include <stdbool.h>

/* Looks for the function of this name, in its default version, in the objects after this library,
 * those included that dlopen has loaded. NULL: none has it. False: an object can't be searched, or
 * it is an indirect function. */
bool next_symbol(const char *name, void **function);
