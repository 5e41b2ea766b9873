// SPDX-License-Identifier: MIT
/*
 * Single facts that /proc tells about a process, for callers that need no more. Used by the ptrace
 * engine and by run_roster.c.
 */
#pragma once

#include <stdint.h>

#include "preload/core/snapshot/proc.h"

/* The id of the process that pid is a thread of (or is), in the process' own PID namespace
 * ("NStgid" in proc_pid_status(5)). 0: /proc doesn't show it. */
int proc_own_number(int pid);

/* The folder in which the files of process pid are, as /proc/PID/root: if it has another root or
 * mount namespace than we have, and we may look into it. Else NULL. Returns path. */
const char *proc_other_root(int pid, char path[PROC_PATH_SIZE]);

/* The value of that type in the auxiliary vector of process pid (getauxval(3)). 0: the process has
 * none, or /proc doesn't show it to us. */
uint64_t proc_auxiliary(int pid, uint64_t type);
