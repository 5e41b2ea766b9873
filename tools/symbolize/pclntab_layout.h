// SPDX-License-Identifier: MIT
/*
 * Shared by pclntab.c and pclntab_inline.c: the table's parts, and functions that read them with
 * bounds checks. Offsets are relative to the beginning of the table, its pcHeader.
 */
#pragma once

#include <string.h>

#include "go_elf.h"
#include "pclntab.h"

/* A part of the table. */
struct pclntab_part {
	uint64_t start, size;
};

struct pclntab {
	struct go_elf elf;
	enum pclntab_version version;
	uint64_t address;     /* address of the pcHeader */
	const uint8_t *bytes; /* the file's bytes from there on .. */
	uint64_t size;        /* .. and their number */
	uint32_t quantum;     /* of instruction lengths; 1 on x86 */
	uint64_t text;        /* base of function entries, since Go 1.18 */
	uint64_t count;       /* number of functions */
	struct pclntab_part names, units, files, values, functions;
	uint64_t module;   /* address of runtime.firstmoduledata; 0: not found */
	uint64_t funcdata; /* base of funcdata offsets; 0: not known, or they are absolute */
	bool inlining;
	unsigned int candidates; /* headers that were tried */
	uint64_t *steps;         /* steps that decoding may still take, so that no file takes
				  * long */
	uint64_t steps_left;     /* .. points here */
};

/* Offsets of a _func's fields; see struct _func in src/runtime/runtime2.go of each version. */
struct pclntab_func {
	uint32_t name, pcsp, pcfile, pcln, npcdata, unit, id, size;
};
const struct pclntab_func *pclntab_func_layout(const struct pclntab *table);

static inline bool pclntab_u32(const struct pclntab *table, uint64_t offset, uint32_t *value)
{
	if (offset > table->size || table->size - offset < sizeof(*value))
		return false;
	memcpy(value, table->bytes + offset, sizeof(*value));
	return true;
}

/* The string at offset in a part, or NULL if it does not end inside the part. */
const char *pclntab_string(const struct pclntab *table, const struct pclntab_part *part,
			   uint64_t offset);

/* Reads the value for pc from a pc-value table (pcsp, pcfile, pcln, or a pcdata table). False: it
 * has none. */
bool pclntab_value(const struct pclntab *table, const struct pclntab_function *function,
		   uint32_t values, uint64_t pc, int32_t *value);

/* Finds the function's pcdata table with this number. False: it has none. */
bool pclntab_pcdata(const struct pclntab *table, const struct pclntab_function *function,
		    uint32_t number, uint32_t *values);

/* File and line of pc in the innermost function, inlined or not. */
void pclntab_line(const struct pclntab *table, const struct pclntab_function *function, uint64_t pc,
		  const char **file, int *line);

/* Finds runtime.firstmoduledata, and there table->text if the header does not have it. */
void pclntab_find_module(struct pclntab *table);

/* Finds the base of the inlining trees. */
void pclntab_find_inlining(struct pclntab *table);
