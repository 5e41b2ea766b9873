// SPDX-License-Identifier: MIT
/*
 * A short name for a stack that stays the same when the program starts again: address space layout,
 * process id and time are not in it, and symbolizing does not change it.
 *
 * It is the 64-bit FNV-1a hash (RFC 9923) over the frames, innermost first, those of the goroutines
 * that it descends from included. A frame counts by its module's build-id, or the module's file
 * name without folders where it has none, and the offset in the module; one in no known module by
 * its function's name, or nothing but its place. So a rebuilt module gives its stacks new ids.
 */
#pragma once

#include <stdint.h>

#include "tools/model/model.h"

/* With the digits and the zero at the end. */
enum { STACK_ID_SIZE = 17 };

/* Writes the id of stack as 16 hexadecimal digits. stack is not NULL. */
void stack_id(const struct model_stack *stack, char id[STACK_ID_SIZE]);
