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

/* The signal that FDTRAIL_SIGNAL in the environment of process pid names; SIGUSR1 when there is
 * none; 0: none asks. */
int signal_state_number(int pid);

/* Whether that signal has been sent to the process, and not yet delivered. */
bool signal_state_pending(int pid, int number);

/* What would become of that signal; needs_handler: it counts only when the process handles it. */
enum heard signal_state(int pid, int number, bool needs_handler);
