// SPDX-License-Identifier: MIT
/*
 * Takes a function of the program over that isn't called through a table: its first instructions
 * are moved away, and a jump to a function of ours comes in their place.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/loaded_symbol.h"

/* Makes calls of function call replacement, and stores where the original can be called. False, and
 * nothing has changed: there are instructions that can't be moved, there is no memory nearby, or
 * the kernel doesn't allow to change code. Only while the process has a single thread, because
 * another one could be between the instructions. */
bool take_over(uintptr_t function, uintptr_t replacement, uintptr_t *original);

/* The same for the exported function of this name; found: the function. False also if there is
 * none. */
bool take_over_symbol(const char *name, uintptr_t replacement, uintptr_t *original,
		      struct loaded_symbol *found);
