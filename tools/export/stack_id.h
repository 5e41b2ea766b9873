// SPDX-License-Identifier: MIT
/*
 * A short name for a stack, the same after a restart: it does not depend on address space layout,
 * process id and time, and symbolizing does not change it.
 *
 * It is the 64-bit FNV-1a hash (RFC 9923) over the frames, innermost first, including those of
 * ancestor goroutines. A frame is hashed by its module's build-id, or the file name without folders
 * if there is none, and the offset in the module. A frame without a module is hashed by its
 * function's name, or as an empty name. So a rebuilt module gives its stacks new ids.
 */
#pragma once

#include <stdint.h>

#include "tools/model/model.h"

/* 16 digits and a zero byte. */
enum { STACK_ID_SIZE = 17 };

/* Writes the id of stack as 16 hexadecimal digits. stack is not NULL. */
void stack_id(const struct model_stack *stack, char id[STACK_ID_SIZE]);
