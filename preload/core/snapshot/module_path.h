// SPDX-License-Identifier: MIT
/*
 * Finds absolute paths of libraries that the loader knows by relative ones. The kernel's list of
 * mappings has them, also if the program had changed its directory before the first frame of a
 * library was captured (preload/core/ledger/module_table.c).
 */
#pragma once

#include "preload/core/ledger/module_table.h"

/* Makes the paths of mapped libraries absolute. Makes no system call if there are no relative
 * ones. */
void module_paths_find(const struct module_table *modules);
