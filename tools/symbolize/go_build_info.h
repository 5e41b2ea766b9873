// SPDX-License-Identifier: MIT
/*
 * Go writes into each program which module it was built from (debug/buildinfo): its packages are
 * the program's own code, all others but the standard library's are dependencies. Called by
 * source_pclntab.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "go_elf.h"

/* The lines of the program's build information, in the bytes of its file. */
struct go_modules {
	const char *lines;
	size_t size;
};

/* False: the program does not tell its main module (it was built without one, or by Go before
 * 1.13). */
bool go_modules_find(const struct go_elf *elf, struct go_modules *modules);

/* Whether a function, as Go's table calls it, is in package main or another one of the main module,
 * and not in one that a dependency or the standard library has. */
bool go_modules_is_main(const struct go_modules *modules, const char *function);
