// SPDX-License-Identifier: MIT
/*
 * Lines to the user on stderr, and the question whether number 2 still is the stderr that we mean:
 * a daemon may have closed it and given the number to a client's connection or to a database file.
 */
#pragma once

#include <stdbool.h>

#include "preload/core/base/line.h"

/* Notes what number 2 is now: at start, and whenever the program itself puts something there (dup2,
 * dup3, freopen). A network socket is never taken for stderr. Async-signal-safe. */
void message_note_stderr(void);

/* True while number 2 is what was noted last. Also true in the frozen copy of a snapshot's helper.
 */
bool message_stderr_is_ours(void);

/* Writes "fdtrail: <line>" and a newline to stderr; nothing when it is not ours. Async-signal-safe,
 * keeps errno. */
void message(const struct line *line);
