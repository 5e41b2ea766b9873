// SPDX-License-Identifier: MIT
/*
 * Finds symbols of loaded modules without the loader's functions, which take its lock: in a hook
 * that lock may be held by a thread that waits for us. The loader's list of modules (struct r_debug
 * in link.h) is made for debuggers, which read it in the same way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loaded_symbol {
	uintptr_t address;
	size_t size;        /* 0: not known */
	const char *module; /* the loader's name of its module; "": the program. Valid as long as
			     * the module is loaded */
};

/* Finds the first definition of name in the order of the loader's list, also in modules that were
 * loaded with RTLD_LOCAL. False: there is none, or the list is being changed. Async-signal-safe,
 * also while other threads are in dlopen or dlclose. Not for symbols of type TLS or IFUNC, and
 * versions of symbols don't count. */
bool loaded_symbol_find(const char *name, struct loaded_symbol *found);

/* Whether an address lies in a function that was found. */
static inline bool loaded_symbol_covers(const struct loaded_symbol *symbol, uintptr_t address)
{
	return address - symbol->address < symbol->size;
}

/* Finds a thread-local variable that its module reaches through __tls_get_addr. Returns the
 * argument of that function for it, or NULL. */
void *loaded_symbol_find_tls(const char *name);

/* Finds the pointer through which a module calls a function of this name: a word of the module that
 * the loader fills in at the latest when the function is called. in: the pointer of a
 * loaded_symbol's module. 0: the module has none. */
uintptr_t loaded_symbol_pointer(const char *name, const char *in);

/* Whether the loader is changing its list, so that loaded_symbol_find can't answer. */
bool loaded_symbol_busy(void);
