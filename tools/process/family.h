// SPDX-License-Identifier: MIT
/*
 * Finds processes: the children of another one, those that it ptraces, those of a name. Called by
 * subject.c, and by verbs with --name.
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model_memory.h"

/* Adds the process ids (int) of the children of process pid to children, including those that /proc
 * hides from us (hidepid), as far as the kernel lists them. Zombies, ourselves, and a helper of the
 * tracer in pid are left out. 0, or a negative errno: then the children aren't known. */
int family_children(int pid, struct list *children);

/* Adds the process ids (int) of the processes that process pid ptraces, as far as /proc shows them.
 * 0 or a negative errno. */
int family_tracees(int pid, struct list *tracees);

/* Adds the process ids (int) of the processes of this name, as ps(1) shows it, which the kernel
 * cuts at 15 bytes; not our own. 0 or a negative errno. */
int family_named(const char *name, struct list *named);

/* Whether process pid doesn't count as a program's: it has ended, or it is the helper that the
 * tracer in its parent has made for a snapshot (preload/runtime/trigger.c). */
bool family_is_none(int pid);

/* Whether this process id is in the list. */
bool family_has(const struct list *list, int pid);

/* The process in the list that was started first; 0: none of them exists. */
int family_oldest(const struct list *list);
