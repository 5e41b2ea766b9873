// SPDX-License-Identifier: MIT
/*
 * What pclntab.c and its helpers share: the table's parts, and readers that check their bounds.
 * Offsets are relative to the table's beginning, its pcHeader.
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
	uint64_t address;     /* of the pcHeader */
	const uint8_t *bytes; /* from there on .. */
	uint64_t size;        /* .. so many */
	uint32_t quantum;     /* of instruction lengths; 1 on x86 */
	uint64_t text;        /* what function entries are relative to, from Go 1.18 on */
	uint64_t count;       /* of functions */
	struct pclntab_part names, units, files, values, functions;
	uint64_t module;   /* address of runtime.firstmoduledata; 0: not found */
	uint64_t funcdata; /* what funcdata offsets are relative to; 0: not known, or absolute */
	bool inlining;
	unsigned int candidates; /* headers that were looked into */
	uint64_t *steps;         /* that decoding may still take: a file can't keep us for long */
	uint64_t steps_left;     /* .. itself */
};

/* Where a _func has what; see struct _func in src/runtime/runtime2.go of each version. */
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

/* The string at offset of a part, or NULL when it has no end inside. */
const char *pclntab_string(const struct pclntab *table, const struct pclntab_part *part,
			   uint64_t offset);

/* The value of a pc-value table (pcsp, pcfile, pcln, or a pcdata table) for pc; false: it has none.
 */
bool pclntab_value(const struct pclntab *table, const struct pclntab_function *function,
		   uint32_t values, uint64_t pc, int32_t *value);

/* The pcdata table of that number; false: the function has none. */
bool pclntab_pcdata(const struct pclntab *table, const struct pclntab_function *function,
		    uint32_t number, uint32_t *values);

/* File and line of pc, as they are without regard to inlining: the innermost. */
void pclntab_line(const struct pclntab *table, const struct pclntab_function *function, uint64_t pc,
		  const char **file, int *line);

/* Finds runtime.firstmoduledata, and from it table->text where the header has none. */
void pclntab_find_module(struct pclntab *table);

/* Finds where the inlining trees are. */
void pclntab_find_inlining(struct pclntab *table);
