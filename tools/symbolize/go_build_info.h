// SPDX-License-Identifier: MIT
/*
 * Reads which module a Go program was built from: Go writes that into each program
 * (debug/buildinfo). The packages of this module are user code; all others, except the standard
 * library's, are dependencies. Called by source_pclntab.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "go_elf.h"

/* The lines of the build information; they point into the bytes of the program's file. */
struct go_modules {
	const char *lines;
	size_t size;
};

/* Finds the build information. False: the program has none (it was built by Go before 1.13, or
 * without modules by Go before 1.18). */
bool go_modules_find(const struct go_elf *elf, struct go_modules *modules);

/* Whether a function, by its name in Go's table, is in package main or in another package of the
 * main module, and not in a dependency or the standard library. Without modules (GOPATH) the
 * repository of package main stands for the module. */
bool go_modules_is_main(const struct go_modules *modules, const char *function);
