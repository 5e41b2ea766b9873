// SPDX-License-Identifier: MIT
/*
 * Where the functions of a binary without unwind data begin, and how to leave each: found in its
 * code and data, and believed only where the stack confirms it. Used by remote_memory.c for struct
 * memory's leave().
 */
#pragma once

#include "preload/core/capture/local_memory.h"

struct code_rules;

/* Looks at the object's code and data once: what is called, pointed to, or a dynamic symbol. NULL:
 * no memory, or no code. dynamic: address of its dynamic section; 0: it has none. entry: where the
 * program begins to run; the function there is the outermost one. */
struct code_rules *code_rules_create(int pid, struct memory *memory, const struct object *object,
				     uintptr_t dynamic, uintptr_t entry);
void code_rules_destroy(struct code_rules *rules);

/* How to leave the function that place lies in, with these registers. False: it can't be told for
 * certain. */
bool code_rules_find(struct code_rules *rules, uintptr_t place, uintptr_t sp, uintptr_t fp,
		     struct leave_rule *rule);
