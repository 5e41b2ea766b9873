// SPDX-License-Identifier: MIT
/* A fault in a process that shares another one's memory (clone(2) with CLONE_VM). */
#pragma once

/* Makes a fault (SIGSEGV, SIGBUS, SIGILL, SIGFPE) end this process with status 128 + the signal. By
 * the default action it would dump core, and before Linux 5.16 that ends every process that
 * shares the memory. Async-signal-safe. */
void helper_catch_faults(void);
