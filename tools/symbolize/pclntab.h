// SPDX-License-Identifier: MIT
/*
 * Reads Go's own table of functions, files and lines (runtime.pclntab). Every Go program has it,
 * stripped or not, because the garbage collector and tracebacks need it. The format is internal to
 * Go and changes: this reads the formats of Go 1.16, 1.18 and 1.20 to 1.27
 * (src/internal/abi/symtab.go, src/runtime/symtab.go, src/debug/gosym/pclntab.go there), on
 * little-endian 64-bit machines.
 *
 * Used to name frames (symbolize/) and to walk stacks (tools/engine/go/go_stack.c). Addresses are
 * those of the ELF file, without the load bias. Nothing in the file is trusted before it has been
 * checked.
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
	size_t offset;       /* private: where its _func lies */
};

enum pclntab_flag {
	PCLNTAB_TOP_FRAME = 1, /* the outermost function: unwinding ends here */
	PCLNTAB_SP_WRITE = 2,  /* writes an arbitrary value to SP: can't be unwound by pcsp alone */
	PCLNTAB_ASSEMBLY = 4,
};

/* A function at a pc: a function of its own, or one that is inlined into the next location. */
struct pclntab_location {
	const char *function; /* never NULL */
	const char *file;     /* NULL: not known */
	int line;             /* 0: not known */
	uint64_t call; /* for an inlined function: the address of the call in the next one; else
		        * 0 */
};

enum { PCLNTAB_LOCATIONS_MAX = 32 };

/* Finds the table in an ELF file of size bytes at elf. The caller keeps these bytes, and they must
 * outlive the table. NULL with errno 0: the file is not a Go program, has another format, or is
 * damaged; NULL with ENOMEM: no memory. */
struct pclntab *pclntab_create(const void *elf, size_t size);
void pclntab_destroy(struct pclntab *table);

/* Whether the file has such a table, by its sections; its format may be unknown. */
bool pclntab_is_there(const void *elf, size_t size);

enum pclntab_version pclntab_version(const struct pclntab *table);

/* Finds the function that pc lies in. False: pc is in no function. */
bool pclntab_find(const struct pclntab *table, uint64_t pc, struct pclntab_function *function);

/* Sets entries[i] to the address of the function called names[i], or to 0. Reads every function's
 * name, once. */
void pclntab_entries(const struct pclntab *table, const char *const *names, uint64_t *entries,
		     size_t count);

/* Fills in the functions at pc, innermost first, at most room of them. Returns how many; 0 if pc is
 * in no function. For a return address, pass pc - 1. Inlined functions are missing if their tree
 * can't be read. */
size_t pclntab_locations(const struct pclntab *table, uint64_t pc,
			 struct pclntab_location *locations, size_t room);

/* The distance in bytes from SP at pc up to the return address (pcsp), or -1 if the table does not
 * have it. */
int32_t pclntab_frame_size(const struct pclntab *table, const struct pclntab_function *function,
			   uint64_t pc);

/* Whether a function belongs to Go (runtime, net/http, vendored parts of the standard library) and
 * not to the user, by its name alone. */
bool pclntab_is_standard(const char *function);
