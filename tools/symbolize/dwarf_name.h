// SPDX-License-Identifier: MIT
/* The name of a function in DWARF. */
#pragma once

#include <elfutils/libdw.h>

enum { DWARF_NAME_MAX = 1024 };

/* The mangled name of a function, or of what was inlined; NULL when it has none, as in C. */
const char *dwarf_linkage_name(Dwarf_Die *die);

/* The name as it stands in the source, for C++ with the namespaces, classes and functions around
 * it, in text when it had to be put together, which has DWARF_NAME_MAX bytes; NULL when it has
 * none. Looks through the whole unit. */
const char *dwarf_name(Dwarf_Die *die, char *text);

/* The best name of a function: the mangled one given, from which demangle() makes one with its
 * parameters; or where that can't be read, or is NULL, that of dwarf_name(). text may be where
 * mangled is. */
const char *dwarf_best_name(Dwarf_Die *die, const char *mangled, char *text);
