// SPDX-License-Identifier: MIT
/*
 * The seccomp filter: stops the calls of calls.list for the tracer and lets all others run at full
 * speed (since Linux 5.11 the kernel does not even run the filter for them: it keeps a bitmap of
 * numbers that are always allowed). Used by engine.c in the process that becomes the program.
 */
#pragma once

/* Puts the filter on the calling thread, for good; what it starts inherits it. Without the right to
 * do so in any other way it first gives up the rights that set-user-ID programs would gain
 * (PR_SET_NO_NEW_PRIVS). signal: the one that asks for snapshots; 0: none. 0 or a negative errno.
 */
int seccomp_filter_install(int signal);
