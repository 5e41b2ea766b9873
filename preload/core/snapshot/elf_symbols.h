// SPDX-License-Identifier: MIT
/*
 * Finds function names for addresses of one module, in its .symtab or, if it is stripped, in
 * .dynsym. The module's file may hold anything by now, so elf_image.h bounds every read. frame.c
 * calls this once per module.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "elf_image.h"
#include "scratch.h"

/* An address to look up, and the result. */
struct symbol_query {
	uint64_t address; /* as in the ELF file */
	const char *name; /* NULL: no symbol covers it; memory of the scratch */
	size_t name_length;
	/* The best symbol so far. */
	uint64_t value;
	uint32_t string;
	uint8_t rank;
};

/* Looks up count queries, which must be sorted by address. Returns whether the module could be
 * read. Async-signal-safe. */
enum image_state symbols_find(const struct module *module, struct symbol_query *queries,
			      size_t count, struct scratch *scratch);
