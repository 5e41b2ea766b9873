// SPDX-License-Identifier: MIT
/*
 * Finds the places at which functions of a binary may begin: the addresses in its code, its data
 * and its dynamic symbols. Some only look like addresses: code_rules.c tries them.
 */
#pragma once

#include "preload/core/capture/local_memory.h"
#include "preload/core/capture/local_memory.h"

/* A flag for places that only jumps lead to: most of them lie within functions. */
enum { JUMPED_TO = 1 };

struct code_beginnings {
	uint32_t *list; /* offsets in the code << 1 | JUMPED_TO, rising */
	size_t count, room;
};

/* Fills in beginnings. code: a copy of the object's code, as far as it could be read. dynamic: the
 * address of its dynamic section; 0: it has none. entry: the program's entry point. False: no
 * memory. */
bool code_beginnings_find(struct code_beginnings *beginnings, int pid, const struct object *object,
			  const uint8_t *code, size_t size, uintptr_t dynamic, uintptr_t entry);
void code_beginnings_finish(struct code_beginnings *beginnings);

/* The number of places at or before offset. */
size_t code_beginnings_up_to(const struct code_beginnings *beginnings, uint32_t offset);
