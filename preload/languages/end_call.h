// SPDX-License-Identifier: MIT
/*
 * Finds out that an interpreter's main function has called the function that ends the interpreter.
 * This shows only on the main thread's stack: where the return address into the main function lies,
 * another one lies during its next call.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/loaded_symbol.h"

struct end_call {
	uintptr_t at; /* where the return address into the main function lies; 0: not known */
	_Atomic uintptr_t running; /* a return address of a call that is not the end */
};

/* Finds the exported function that ends the interpreter, or the one behind it if it is nothing but
 * a jump there, which leaves no return address. False: there is none. As loaded_symbol_find. */
bool end_call_find(const char *name, struct loaded_symbol *ending);

/* Whether the calling thread is the main one, and the main function has called ending. The main
 * function must not have returned. Async-signal-safe, and cheap while the program runs. */
bool end_call_runs(struct end_call *call, const struct loaded_symbol *ending);
