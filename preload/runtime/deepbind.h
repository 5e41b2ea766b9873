// SPDX-License-Identifier: MIT
/*
 * Hooks for libraries that the program loads later and that the loader doesn't bind to our hooks:
 * with RTLD_DEEPBIND (dlopen(3)) a library looks for a function first in itself and in the
 * libraries that it needs, the C library among them; and in a process that `fdtrail attach` came
 * to, the C library comes before us for every library.
 */
#pragma once

/* From now on redirects the calls of libraries that the program loads. Called by the constructor,
 * when the real functions are known. */
void deepbind_start(void);

/* Leaves alone what is loaded from now on. */
void deepbind_stop(void);

/* Calls dlsym_function(handle, name), which is dlsym(3), so that it takes place for its caller, and
 * searches the scope of the library that place lies in. place is the address of a `ret`
 * instruction. Returns NULL if there is no such function, or if the kernel guards return addresses
 * (shadow stacks), which makes this impossible. In deepbind_resolve.S. */
void *deepbind_resolve(const void *place, const char *name, void *dlsym_function, void *handle);
