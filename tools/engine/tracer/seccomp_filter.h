// SPDX-License-Identifier: MIT
/*
 * The seccomp filter: it stops the calls of calls.list for the tracer, and lets all others run at
 * full speed (since Linux 5.11 the kernel doesn't even run the filter for them, because it keeps a
 * bitmap of the numbers that are always allowed). Used by engine.c in the process that becomes the
 * program.
 */
#pragma once

#include <stdbool.h>

/* Installs the filter on the calling thread; it can't be removed, and children inherit it. Without
 * CAP_SYS_ADMIN this first sets PR_SET_NO_NEW_PRIVS, after which set-user-ID programs gain no
 * rights. signal: the one that triggers snapshots; 0: none. Returns 0 or a negative errno. */
int seccomp_filter_install(int signal, bool planted);
