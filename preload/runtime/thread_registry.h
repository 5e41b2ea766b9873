// SPDX-License-Identifier: MIT
/*
 * Finds the thread_state of other threads, so that a snapshot can tell which of them are in a hook
 * that opens something. A thread enters itself once, at its first record, and is never taken out:
 * an entry is good only as long as its thread lives and its thread_state still has its id. An entry
 * whose thread has ended is used again. The registry is not on the usual path of a hook.
 *
 * All functions are async-signal-safe and take no lock.
 */
#pragma once

#include <stddef.h>

/* Enters the calling thread, whose thread_state.tid is known. If all places are taken by threads
 * that live, it is not entered. */
void thread_registry_add(void);

/* Empties the registry: in a forked process, where only the calling thread lives on. */
void thread_registry_forked(void);

/* Whether the thread of this process with this id is in a hook that opens something: 1 or 0; -1 if
 * it is not in the registry. For struct snapshot_request. */
int thread_registry_opens(int thread);

/* Fills fds with at most most numbers that threads are recording at this moment, or that the kernel
 * has stored for them as a pair, and returns how many these are. Numbers may be there twice. For
 * struct snapshot_request. */
size_t thread_registry_in_flight(int *fds, size_t most);
