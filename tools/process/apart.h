// SPDX-License-Identifier: MIT
/*
 * Finds threads that have a descriptor table of their own (CLONE_FILES in unshare(2) and clone(2)).
 * A snapshot of their process doesn't list it. Called by obtain.c.
 */
#pragma once

#include <stddef.h>

/* The number of threads of process pid with open descriptors in another table than the thread
 * holder's; *first is one of them. 0 also if the kernel can't compare tables (kcmp(2)). */
size_t apart_threads(int pid, int holder, int *first);
