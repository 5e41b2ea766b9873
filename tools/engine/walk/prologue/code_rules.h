// SPDX-License-Identifier: MIT
/*
 * Finds out where the functions of a binary without unwind data begin, and how to leave each, from
 * its code and data. A rule is used only if the stack confirms it. Used by remote_memory.c for
 * struct memory's leave().
 */
#pragma once

#include "preload/core/capture/local_memory.h"

struct code_rules;

/* Searches the object's code and data once, for addresses that are called, pointed to, or dynamic
 * symbols. dynamic: the address of its dynamic section; 0: it has none. entry: the program's entry
 * point; the function there is the outermost one. NULL: no memory, or no code. Destroy accepts
 * NULL. */
struct code_rules *code_rules_create(int pid, struct memory *memory, const struct object *object,
				     uintptr_t dynamic, uintptr_t entry);
void code_rules_destroy(struct code_rules *rules);

/* Fills in the rule to leave the function that place lies in, with these registers. False: no rule
 * could be confirmed. */
bool code_rules_find(struct code_rules *rules, uintptr_t place, uintptr_t sp, uintptr_t fp,
		     struct leave_rule *rule);
