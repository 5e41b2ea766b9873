// SPDX-License-Identifier: MIT
/*
 * The processes of a run of which nothing is known, or not all: read from the roster when the
 * program has ended. They are named in the report, and no limit is kept over them.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "run_roster.h"

struct run_unknown {
	const struct run_roster *roster;
	pid_t main;      /* the program */
	int signal;      /* that ended it; 0: none */
	bool at_exit;    /* processes report at their end; else nobody misses one */
	bool with_alive; /* name those, too, that still run */
	bool kept;       /* the user wants the snapshots in files */
};

/* Gives programs that were just executed the time to say that the tracer has started in them. */
void run_unknown_settle(const struct run_roster *roster);

/* Writes a paragraph for each sort of them. Returns how many processes are not known. */
size_t run_unknown_print(const struct run_unknown *unknown, FILE *file);
