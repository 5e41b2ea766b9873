// SPDX-License-Identifier: MIT
/* Names of functions in DWARF. */
#pragma once

#include <elfutils/libdw.h>

enum { DWARF_NAME_MAX = 1024 };

/* The mangled name of a function or of an inlined call; NULL if it has none, as in C. */
const char *dwarf_linkage_name(Dwarf_Die *die);

/* The name as in the source; for C++ with the namespaces, classes and functions around it. A name
 * that is put together is written into text, which has DWARF_NAME_MAX bytes. NULL if there is no
 * name. Walks through the whole unit. */
const char *dwarf_name(Dwarf_Die *die, char *text);

/* The best name of a function: mangled, if demangle() can read it, because that gives the
 * parameters, too; else (or if mangled is NULL) the result of dwarf_name(). text may be where
 * mangled is. */
const char *dwarf_best_name(Dwarf_Die *die, const char *mangled, char *text);
