// SPDX-License-Identifier: MIT
/*
 * Counts misuses, and takes a snapshot for a new one, at most one a second. The files that find
 * them call this: misuse.c, misuse_copy.c and misuse_standard.c. All functions are
 * async-signal-safe, for any thread.
 */
#pragma once

#include "runtime.h"

/* Whether wrong closes are looked for: not in shells, and not if the options say so. */
bool misuse_wanted(void);

/* Counts it. If it is a new one, takes a snapshot; ends the program if the options say so. */
void misuse_report(const struct misuse *misuse);

/* The opening stack and thread of an entry. */
struct misuse_place misuse_opener(const struct ledger_entry *entry);

/* Whether the calling thread is the one that a close was kept with. */
static inline bool misuse_is_mine(const struct last_close *last)
{
	return last->thread == slot_thread(runtime_thread());
}

/* Begins anew: at start, and in a forked process. */
void misuse_report_start(void);
