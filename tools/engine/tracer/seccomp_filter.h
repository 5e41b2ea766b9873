// SPDX-License-Identifier: MIT
/*
 * The seccomp filter: it stops the calls of calls.list for the tracer, and lets all others run at
 * full speed (since Linux 5.11 the kernel doesn't even run the filter for them, because it keeps a
 * bitmap of the numbers that are always allowed). Used by engine.c in the process that becomes the
 * program, and by late_filter.c in the program itself.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>

enum seccomp_filter_kind {
	FILTER_ALL,     /* stops all calls of calls.list */
	FILTER_PLANTED, /* stops nothing but what planted code asks for: without a tracer all calls
			 * work */
};

/* The filter's code, until the next call. signal: the one that triggers snapshots; 0: none.
 * planted: calls at the sites of planted code don't stop. */
struct sock_fprog seccomp_filter(enum seccomp_filter_kind kind, int signal, bool planted);

/* Installs a filter of FILTER_ALL on the calling thread; it can't be removed, and children inherit
 * it. Without CAP_SYS_ADMIN this first sets PR_SET_NO_NEW_PRIVS, after which set-user-ID programs
 * gain no rights. Returns 0 or a negative errno. */
int seccomp_filter_install(int signal, bool planted);
