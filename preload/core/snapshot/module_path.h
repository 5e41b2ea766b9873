// SPDX-License-Identifier: MIT
/*
 * The absolute paths of libraries that the loader knows by relative ones, where the program was
 * elsewhere by the time that their first frame was seen (preload/core/ledger/module_table.c): as
 * the kernel has mapped them.
 */
#pragma once

#include "preload/core/ledger/module_table.h"

/* Completes those that are mapped now. Without a system call when there is none. */
void module_paths_find(const struct module_table *modules);
