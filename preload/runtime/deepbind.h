// SPDX-License-Identifier: MIT
/*
 * Hooks for libraries that are loaded with RTLD_DEEPBIND (dlopen(3)). Such a library looks for a
 * function first in itself and in the libraries that it needs, the C library among them, so it
 * never gets to our hooks.
 */
#pragma once

/* From now on redirects the calls of libraries that the program loads. Called by the constructor,
 * when the real functions are known. */
void deepbind_start(void);

/* Calls dlsym_function(handle, name), which is dlsym(3), so that it takes place for its caller, and
 * searches the scope of the library that place lies in. place is the address of a `ret`
 * instruction. Returns NULL if there is no such function, or if the kernel guards return addresses
 * (shadow stacks), which makes this impossible. In deepbind_resolve.S. */
void *deepbind_resolve(const void *place, const char *name, void *dlsym_function, void *handle);
