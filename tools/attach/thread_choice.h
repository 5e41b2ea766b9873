// SPDX-License-Identifier: MIT
/*
 * Chooses a thread of a process that may be borrowed to call pthread_create(3): one that holds none
 * of the locks that it takes (malloc's, the loader's), because it waits in a system call, and no
 * function that takes these locks is in its stack.
 */
#pragma once

#include "borrowed_thread.h"
#include "libc_symbols.h"

/* Borrows such a thread of process pid, within two seconds. 0; or a negative errno, and nothing
 * has changed: -EAGAIN no thread was in such a place; -EBUSY one did not stop; -EPERM we may not
 * trace it, or another process does; -ESRCH it has ended; -ESTALE it
 * has executed another program since symbols were read. To be called in a process that ends
 * soon: a thread that did not stop in time stays seized until then. */
int thread_choice_borrow(struct borrowed_thread *thread, int pid,
			 const struct libc_symbols *symbols);
