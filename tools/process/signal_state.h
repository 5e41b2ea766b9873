// SPDX-License-Identifier: MIT
/*
 * Which signal asks a traced process for a snapshot, and whether it would be heard: from /proc,
 * before anything is sent. A signal that nobody handles would end the program. Called by ask.c.
 */
#pragma once

#include <stdbool.h>

enum heard {
	HEARD,
	HEARD_BLOCKED, /* all threads block it */
	HEARD_NOT,     /* the process has no handler for it */
	HEARD_UNKNOWN, /* /proc does not tell */
};

/* The signal that asks the tracer which is loaded in process pid: 0: none does; -ENODATA: it can't
 * be told. */
int signal_state_preload(int pid);

/* The same for the ptrace engine: by FDTRAIL_SIGNAL in the environment of the process, SIGUSR1 when
 * that has none. */
int signal_state_engine(int pid);

/* Whether that signal has been sent to the process, and not yet delivered. */
bool signal_state_pending(int pid, int number);

/* The same for one of its threads, by a signal that was sent to that thread alone. */
bool signal_state_pending_in(int pid, int thread, int number);

/* What would become of that signal; needs_handler: it counts only when the process handles it. */
enum heard signal_state(int pid, int number, bool needs_handler);
