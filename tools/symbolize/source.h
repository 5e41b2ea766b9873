// SPDX-License-Identifier: MIT
/*
 * Where names come from. A module has sources of names, asked in the order of name_sources: Go's
 * tables, DWARF, the symbol table. The first that knows an address answers for it. All of this runs
 * in the child process that reads one module's files (worker.c): a source may trust that a crash or
 * an endless loop is contained, yet checks sizes and never allocates by them.
 */
#pragma once

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model.h"

/* The file of a module, open. Addresses everywhere are those in the file (bias 0). */
struct module_file {
	const char *path;
	int fd;             /* open for reading while the sources are; not theirs to close */
	Elf *elf;           /* the same, by libelf */
	Dwfl_Module *dwfl;  /* the same, by libdwfl, which finds separate debug files */
	bool is_debug_only; /* the module is gone: this is its debug file, without code and data */
};

/* An answer in the making: locations of one address, innermost first. */
struct answer;

/* Adds the next location. function may be mangled, file NULL, line and column 0; strings are
 * copied. inlined: into the location that is added next. */
void answer_add(struct answer *answer, const char *function, const char *file, int line, int column,
		bool inlined);

/* Says of the location that was added last in whose module it is. */
void answer_add_module(struct answer *answer, enum model_go_module module);

struct name_source {
	const char *name; /* "pclntab", for messages */
	/* Is there such a thing in this file? 0 and its own state; -ENOENT: none; another negative
	 * errno: it can't be read. */
	int (*open)(const struct module_file *file, void **state);
	/* Answers for the instruction at this address. False, and nothing added: it does not know.
	 */
	bool (*find)(void *state, uint64_t address, struct answer *answer);
	void (*close)(void *state);
};

/* In the order in which they are asked; ends with NULL. */
extern const struct name_source *const name_sources[];

extern const struct name_source source_pclntab;
extern const struct name_source source_dwarf;
extern const struct name_source source_symbols;

/* The name of the symbol that covers the address, as it is in the file; NULL: none does. */
const char *symbol_at(const struct module_file *file, uint64_t address);
