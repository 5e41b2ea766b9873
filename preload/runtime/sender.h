// SPDX-License-Identifier: MIT
/*
 * Whether a signal comes from the program itself. haproxy's master and its workers send each other
 * SIGUSR1, and rustc's threads do: such a snapshot was asked for by nobody, and says so.
 */
#pragma once

#include <stdbool.h>

/* Whether process pid is this one or another process of the same program: its parent, child or
 * sibling by fork, with the same file. False where /proc does not tell. Opens a file for a moment:
 * for the helper of a snapshot. Async-signal-safe. */
bool sender_is_program(int pid);
