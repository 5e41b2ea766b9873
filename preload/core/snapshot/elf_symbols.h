// SPDX-License-Identifier: MIT
/*
 * Function names for addresses of one module, out of its .symtab or, when it is stripped, .dynsym.
 * The module's file may be anything by now: elf_image.h bounds every read. Called by frame.c, once
 * per module.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "elf_image.h"
#include "scratch.h"

/* A question and its answer. */
struct symbol_query {
	uint64_t address; /* as in the ELF file */
	const char *name; /* NULL: no symbol covers it; lives in the scratch */
	size_t name_length;
	/* The best symbol so far. */
	uint64_t value;
	uint32_t string;
	uint8_t rank;
};

/* Answers count queries, sorted by address. Whether the module could be read. */
enum image_state symbols_find(const struct module *module, struct symbol_query *queries,
			      size_t count, struct scratch *scratch);
