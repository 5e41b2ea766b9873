// SPDX-License-Identifier: MIT
/*
 * Libraries that are loaded with RTLD_DEEPBIND (dlopen(3)): they look for a function in themselves
 * and in what they need, the C library among it, before they look where our hooks are.
 */
#pragma once

/* Begins to look at the libraries that the program loads. From the constructor, when the real
 * functions are known. */
void deepbind_start(void);

/* What dlsym(RTLD_DEFAULT, name) returns to a caller at the address place, where there is a `ret`
 * instruction. NULL also where the kernel guards return addresses (shadow stacks), so that nobody
 * can ask for another. In deepbind_resolve.S. */
void *deepbind_resolve(const void *place, const char *name, void *dlsym_function, void *handle);
