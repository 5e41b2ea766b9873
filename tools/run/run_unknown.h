// SPDX-License-Identifier: MIT
/*
 * Finds the processes of a run about which nothing or too little is known, from the roster, when
 * the program has ended. The report names them, and limits can't be checked for them.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "run_roster.h"

struct run_unknown {
	const struct run_roster *roster;
	pid_t main;      /* the program */
	int signal;      /* the signal that ended it; 0: none */
	bool at_exit;    /* processes write a snapshot at their end; else none is missing */
	bool with_alive; /* also name those that still run */
	bool kept;       /* the user wants the snapshots in files */
};

/* Waits until the tracer has had time to start in programs that were just executed. */
void run_unknown_settle(const struct run_roster *roster);

/* Writes a paragraph for each kind of them. Returns the number of processes that aren't known. */
size_t run_unknown_print(const struct run_unknown *unknown, FILE *file);
