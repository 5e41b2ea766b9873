// SPDX-License-Identifier: MIT
/*
 * The value of a snapshot's `end:`: how the process ends, if this is its last snapshot. The writer
 * (header.c) and the reader (tools/reader/) share this one list of words.
 */
#pragma once

enum process_end_kind {
	PROCESS_RUNS_ON, /* "none": it is not the last snapshot */
	PROCESS_EXIT,    /* "exit": exit(3); under the ptrace engine _exit(2), too */
	PROCESS__EXIT,   /* "_exit": _exit(2) or _Exit(3) */
	PROCESS_QUICK_EXIT,
	PROCESS_SIGNAL, /* "signal N" */
	PROCESS_END_COUNT,
};

struct process_end {
	enum process_end_kind kind;
	int signal; /* of PROCESS_SIGNAL; else 0 */
};

/* The word for it: "none", "exit", "_exit", "quick_exit", "signal". Async-signal-safe. */
const char *process_end_word(enum process_end_kind kind);
