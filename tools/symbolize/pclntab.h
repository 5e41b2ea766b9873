// SPDX-License-Identifier: MIT
/*
 * Go's own table of functions, files and lines (runtime.pclntab), which every Go program carries,
 * stripped or not, because its garbage collector and its tracebacks need it. The format is internal
 * to Go and changes: this reads those of Go 1.16, 1.18 and 1.20 to 1.27
 * (src/internal/abi/symtab.go, src/runtime/symtab.go, src/debug/gosym/pclntab.go there), on
 * little-endian 64-bit machines.
 *
 * Used to name frames (symbolize/) and to walk stacks (tools/engine/go/go_stack.c). Addresses are
 * those of the ELF file, without the load bias. Everything in the file is the enemy's until it has
 * been checked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pclntab;

enum pclntab_version {
	PCLNTAB_GO_1_16 = 116,
	PCLNTAB_GO_1_18 = 118,
	PCLNTAB_GO_1_20 = 120,
};

struct pclntab_function {
	uint64_t entry, end; /* its code: entry <= pc < end */
	const char *name;    /* "main.(*Server).Disconnect"; lives with the file's bytes */
	uint8_t id;          /* Go's FuncID */
	uint8_t flags;       /* enum pclntab_flag */
	size_t offset;       /* pclntab's own: where its _func lies */
};

enum pclntab_flag {
	PCLNTAB_TOP_FRAME = 1, /* outermost: unwinding ends here */
	PCLNTAB_SP_WRITE = 2,  /* writes an arbitrary value to SP: can't be unwound by pcsp alone */
	PCLNTAB_ASSEMBLY = 4,
};

/* A function that stands at a pc: by itself, or inlined into the next one. */
struct pclntab_location {
	const char *function; /* never NULL */
	const char *file;     /* NULL: not known */
	int line;             /* 0: not known */
	uint64_t call; /* of an inlined function: where in the next one it was called; else 0 */
};

enum { PCLNTAB_LOCATIONS_MAX = 32 };

/* Finds the table in an ELF file of size bytes at elf, which must stay and is not taken over. NULL:
 * the file is no Go program, of another format, or damaged (errno 0), or there was no memory
 * (ENOMEM). */
struct pclntab *pclntab_create(const void *elf, size_t size);
void pclntab_destroy(struct pclntab *table);

/* Whether the file has such a table at all, by its sections: it may be of a format that is not
 * known. */
bool pclntab_is_there(const void *elf, size_t size);

enum pclntab_version pclntab_version(const struct pclntab *table);

/* The function that pc lies in; false when it is in none. */
bool pclntab_find(const struct pclntab *table, uint64_t pc, struct pclntab_function *function);

/* Where the function called name begins, or 0. Takes a look at every function. */
uint64_t pclntab_entry(const struct pclntab *table, const char *name);

/* What stands at pc, innermost first; at most room of them, 0 when pc is in no function. For a
 * return address give pc - 1. Inlined functions are missing if their tree can't be read. */
size_t pclntab_locations(const struct pclntab *table, uint64_t pc,
			 struct pclntab_location *locations, size_t room);

/* How far SP at pc is below the place of the return address (pcsp), or -1 when the table does not
 * say. */
int32_t pclntab_frame_size(const struct pclntab *table, const struct pclntab_function *function,
			   uint64_t pc);

/* Whether code of this function is Go's own (runtime, net/http, vendored parts of the standard
 * library) and not the user's: by its name alone. */
bool pclntab_is_standard(const char *function);
