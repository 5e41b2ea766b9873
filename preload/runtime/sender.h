// SPDX-License-Identifier: MIT
/*
 * Tells whether a signal comes from the program itself. haproxy's master and its workers send each
 * other SIGUSR1, and so do rustc's threads. No user has asked for such a snapshot, so its reason
 * says that it was the program's own signal.
 */
#pragma once

#include <stdbool.h>

/* True if process pid is this one or another process of the same program: its parent, child or
 * sibling by fork, with the same file. False if /proc can't be read. Opens a file for a moment, so
 * it is only for the helper process of a snapshot. Async-signal-safe. */
bool sender_is_program(int pid);
