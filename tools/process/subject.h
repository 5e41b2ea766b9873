// SPDX-License-Identifier: MIT
/*
 * Decides which processes a verb inspects if the user has given it a process id: that process; or
 * its program, if the process is `fdtrail run`; with --children, the descendants, too. Without
 * --children, the children that are left out are named, because a server's leak is often in its
 * workers. Used by `fdtrail snapshot` and `fdtrail check --pid`.
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model_memory.h"

/* If *pid is a `fdtrail run`, replaces it by the process id of its program. Returns 0, or a
 * negative errno: the program isn't running. In both cases, if *pid was one, this prints a line to
 * stderr that begins with "fdtrail VERB: ". */
int subject_find(int *pid, const char *verb);

/* Calls look(pid, data) for process pid; with children, also for each of its descendants, including
 * those that start in the meantime. A `fdtrail run` among them is left out, but its program is not.
 * Returns false if not all were inspected, after a line on stderr: look returned false (it prints
 * the line) for pid, or for another process that hasn't ended; or descendants may be missing. */
bool subject_each(int pid, bool children, const char *verb, bool (*look)(int pid, void *data),
		  void *data);

/* Lists the children of pid as the end of a sentence that begins with "process 812 has": "4 child
 * processes, not shown: 813, 814, 815, 816". left_out: the words between the number and the list
 * (", not shown"). NULL: it has no children. The caller frees it. */
char *subject_left_out(int pid, const char *left_out);
