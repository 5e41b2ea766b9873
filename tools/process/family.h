// SPDX-License-Identifier: MIT
/*
 * Which processes belong to another: its children, and the processes that it ptraces. Called by
 * subject.c.
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model_memory.h"

/* Adds the process ids (int) of the children of process pid to children, also of those that /proc
 * hides from us (hidepid), as far as the kernel lists them. Without those that have ended and wait
 * to be reaped, without ourselves, and without a helper of the tracer in pid. 0, or a negative
 * errno: then it is not known which there are. */
int family_children(int pid, struct list *children);

/* Adds the process ids (int) of the processes that process pid ptraces, as far as /proc shows them.
 * 0 or a negative errno. */
int family_tracees(int pid, struct list *tracees);

/* Whether process pid is none of a program's: it has ended, or it is the helper that the tracer in
 * its parent has made for a snapshot (preload/runtime/trigger.c). */
bool family_is_none(int pid);

/* Whether this process id is in the list. */
bool family_has(const struct list *list, int pid);

/* Of the processes in the list, the one that was started first; 0: none of them is there. */
int family_oldest(const struct list *list);
