// SPDX-License-Identifier: MIT
/*
 * Whose code is it? A leak is mended in the program's own code, so the report points there and not
 * at the socket() that the language's library calls for everybody. Told from paths and names alone:
 * a snapshot may be from elsewhere.
 */
#pragma once

#include <stdbool.h>

/* Whether a module can hold code of the program's own: the program itself or a library of its own,
 * not one of the system's. NULL (code that was made at run time) is own. */
bool own_module(const char *path);

/* Whether a function in such a module, from that source file (or NULL), is the program's own: not
 * the start-up code, a header of the system, or the standard library of C++, Rust, Go or OCaml. */
bool own_function(const char *function, const char *file);
