// SPDX-License-Identifier: MIT
/*
 * Tells user code from libraries and runtimes. A leak is fixed in user code, so the report points
 * there and not at the language's library, which calls socket() for everybody. Works by paths and
 * names alone, because a snapshot may be from another machine.
 */
#pragma once

#include <stdbool.h>

/* Whether a module can have user code: it is the program or one of its own libraries, not a library
 * of the system. NULL (generated code) can. */
bool own_module(const char *path);

/* Whether a function in such a module is user code: not start-up code, a header of the system, or
 * the runtime or standard library of a language. function and file (of its source) may be NULL. */
bool own_function(const char *function, const char *file);
