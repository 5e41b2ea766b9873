// SPDX-License-Identifier: MIT
/*
 * Which processes a verb looks at when the user has given it a process id: that process; or the
 * program of `fdtrail run`, where the number is that of `fdtrail run` itself; with --children, its
 * descendants, too. Without, the children that are left out are told, since a server's leak is
 * often in its workers. Used by `fdtrail snapshot` and `fdtrail check --pid`.
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model_memory.h"

/* Puts the program's process id in the place of *pid where that is a `fdtrail run`, or the process
 * by which it traces. Returns 0; or a negative errno when it has no program that runs. In both
 * cases, if *pid was one, a line on stderr that begins with "fdtrail VERB: " says so. */
int subject_find(int *pid, const char *verb);

/* Calls look(pid, data) for process pid; with children, also for each of its descendants, those
 * included that are started meanwhile. A `fdtrail run` among them is left out: what it runs is not.
 * Returns false when they were not all looked at: look returned false, which it does after a line
 * on stderr, and the process is pid or has not ended; or such a line has said that some may be
 * missing. */
bool subject_each(int pid, bool children, const char *verb, bool (*look)(int pid, void *data),
		  void *data);

/* "4 child processes, not shown: 813, 814, 815, 816": the children of pid, as the
 * end of a sentence that begins with "process 812 has"; left_out is the words between the number
 * and the list. NULL when it has none. The caller frees it. */
char *subject_left_out(int pid, const char *left_out);
