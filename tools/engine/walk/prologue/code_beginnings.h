// SPDX-License-Identifier: MIT
/*
 * The places at which functions of a binary may begin: those that its code, its data and its
 * dynamic symbols lead to. Some of them are chance: code_rules.c tries them.
 */
#pragma once

#include "preload/core/capture/local_memory.h"
#include "preload/core/capture/local_memory.h"

/* Of a place that is known only from jumps: most of them lie within functions. */
enum { JUMPED_TO = 1 };

struct code_beginnings {
	uint32_t *list; /* offsets in the code << 1 | JUMPED_TO, rising */
	size_t count, room;
};

/* Finds them. code: a copy of the object's code, as far as it could be read. dynamic: address of
 * its dynamic section; 0: it has none. entry: where the program begins to run. False: no memory. */
bool code_beginnings_find(struct code_beginnings *beginnings, int pid, const struct object *object,
			  const uint8_t *code, size_t size, uintptr_t dynamic, uintptr_t entry);
void code_beginnings_finish(struct code_beginnings *beginnings);

/* How many are at or before offset. */
size_t code_beginnings_up_to(const struct code_beginnings *beginnings, uint32_t offset);
