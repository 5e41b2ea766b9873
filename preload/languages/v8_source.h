// SPDX-License-Identifier: MIT
/*
 * Names a place in a script: the function, the script's file and the line, as V8's own stack traces
 * do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The function's script; 0: it has none, because it is V8's own. */
uintptr_t v8_script_of(uintptr_t shared);

/* Copies the function's name; an empty one has none. */
void v8_function_name(uintptr_t shared, char *name, size_t size);

/* The position of the function's own beginning, or V8_NO_POSITION. */
int32_t v8_function_position(uintptr_t shared);

/* Copies the script's file name as it is, or its URL. */
void v8_script_name(uintptr_t script, char *name, size_t size);

/* The line of a position, counted from 1; 0: not known. */
uint32_t v8_script_line(uintptr_t script, int32_t position);
