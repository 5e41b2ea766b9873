// SPDX-License-Identifier: MIT
/*
 * Sources of names: Go's tables, OCaml's, DWARF, the symbol table. A module's sources are tried in
 * the order of name_sources; the first that knows an address names it. Sources run in the child
 * process that reads one module's files (worker.c), so a crash or an endless loop does no harm;
 * still, a source checks sizes and never allocates memory by a size from the file.
 */
#pragma once

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model.h"

/* The open file of a module. Addresses are always those in the file (bias 0). */
struct module_file {
	const char *path;
	int fd;             /* open for reading while sources are open; they must not close it */
	Elf *elf;           /* the same file, opened by libelf */
	Dwfl_Module *dwfl;  /* the same file, opened by libdwfl, which finds separate debug files */
	bool is_debug_only; /* the module's file is missing: this is its debug file, without code
			     * and data */
	struct symbol_index *symbols; /* of the same file; NULL: there is no memory for one */
};

/* An unfinished answer: the locations of one address, innermost first. */
struct answer;

/* Adds the next location. function may be mangled, file may be NULL, line and column may be 0.
 * Strings are copied. inlined: this function is inlined into the location that is added next. */
void answer_add(struct answer *answer, const char *function, const char *file, int line, int column,
		bool inlined);

/* Sets the module of the location that was added last. */
void answer_add_module(struct answer *answer, enum model_go_module module);

struct name_source {
	const char *name; /* "pclntab", for messages */
	/* Opens the source for this file. 0, and *state is the source's own; -ENOENT: the file does
	 * not have such names; another negative errno: they can't be read. */
	int (*open)(const struct module_file *file, void **state);
	/* Adds the locations of the instruction at this address. False: it does not know the
	 * address, and has added nothing. */
	bool (*find)(void *state, uint64_t address, struct answer *answer);
	void (*close)(void *state);
};

/* In the order in which they are tried; ends with NULL. */
extern const struct name_source *const name_sources[];

extern const struct name_source source_pclntab;
extern const struct name_source source_ocaml;
extern const struct name_source source_dwarf;
extern const struct name_source source_symbols;

/* The name of the symbol that covers the address, as in the file; NULL: no symbol does. */
const char *symbol_at(const struct module_file *file, uint64_t address);
