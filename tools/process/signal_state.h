// SPDX-License-Identifier: MIT
/*
 * Finds out which signal triggers a snapshot in a traced process, and whether the process would
 * handle it, from /proc, before the signal is sent. A signal without a handler would end the
 * program. Called by ask.c.
 */
#pragma once

#include <stdbool.h>

enum heard {
	HEARD,
	HEARD_BLOCKED, /* all threads block it */
	HEARD_NOT,     /* the process has no handler for it */
	HEARD_UNKNOWN, /* /proc doesn't tell */
};

/* The trigger signal of the tracer that is loaded in process pid. 0: none; -ENODATA: not known. */
int signal_state_preload(int pid);

/* The same for the ptrace engine: FDTRAIL_SIGNAL in the environment of the process, or SIGUSR1. */
int signal_state_engine(int pid);

/* Whether that signal is pending for the process. */
bool signal_state_pending(int pid, int number);

/* Whether that signal is pending for one thread of the process: it was sent to that thread
 * alone. */
bool signal_state_pending_in(int pid, int thread, int number);

/* The fate of that signal in process pid. needs_handler: return HEARD_NOT if the process
 * has no handler for it. */
enum heard signal_state(int pid, int number, bool needs_handler);
