// SPDX-License-Identifier: MIT
/*
 * Threads that have a descriptor table of their own (CLONE_FILES in unshare(2) and clone(2)): what
 * is open there is not seen by looking at their process. Called by obtain.c.
 */
#pragma once

#include <stddef.h>

/* How many threads of process pid have open descriptors in another table than the thread holder
 * has; *first is one of them. 0 also where the kernel does not compare tables (kcmp(2)). */
size_t apart_threads(int pid, int holder, int *first);
